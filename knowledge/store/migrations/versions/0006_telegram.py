"""Telegram: updates that have had their effect, how far an answer has been sent, who speaks for the bot."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_TABLES = ("telegram_lease", "telegram_sending", "telegram_update")


def upgrade() -> None:
    op.create_table(
        "telegram_update",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("taken", sa.Float, nullable=False),
    )
    op.create_table(
        "telegram_sending",
        sa.Column("answer_id", sa.Integer, sa.ForeignKey("outbox.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
        sa.Column("delivered", sa.Integer, nullable=False),
        sa.Column("uncertain", sa.Boolean, nullable=False),
        sa.Column("repeats", sa.Integer, nullable=False),
    )
    op.create_table(
        "telegram_lease",
        sa.Column("name", sa.String(16), primary_key=True),
        sa.Column("owner", sa.String(36), nullable=False),
        sa.Column("until", sa.Float, nullable=False),
    )


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)
