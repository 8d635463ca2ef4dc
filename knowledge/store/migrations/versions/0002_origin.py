"""Where the entries of the draft came from."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("entry") as table:
        table.add_column(sa.Column("origin", sa.String(64), nullable=False, server_default=""))
    for table_name in ("entry", "audit"):
        op.execute(f"UPDATE {table_name} SET kind = 'outside' WHERE kind = 'outside_places'")


def downgrade() -> None:
    for table_name in ("entry", "audit"):
        op.execute(f"UPDATE {table_name} SET kind = 'outside_places' WHERE kind = 'outside'")
    with op.batch_alter_table("entry") as table:
        table.drop_column("origin")
