"""Messages of clerks and of the system, which answer no message; what citizens say about answers."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    # Ids of answers are never given twice: readers ask for what came after one.
    with op.batch_alter_table("outbox", table_kwargs={"sqlite_autoincrement": True}) as outbox:
        outbox.alter_column("inbox_id", existing_type=sa.Integer, nullable=True)
    op.create_index("outbox_of_conversation", "outbox", ["conversation_id", "id"])
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("answer", sa.String(64), nullable=False, unique=True),
        sa.Column("rating", sa.String(8), nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("service", sa.String(200), nullable=False),
        sa.Column("office", sa.String(200), nullable=False),
        sa.Column("rule", sa.String(200), nullable=False),
        sa.Column("release", sa.String(64), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("feedback")
    op.drop_index("outbox_of_conversation", "outbox")
    # What answers no message has no place in the older table.
    op.execute("DELETE FROM outbox WHERE inbox_id IS NULL")
    with op.batch_alter_table("outbox") as outbox:
        outbox.alter_column("inbox_id", existing_type=sa.Integer, nullable=False)
