"""Handover to a person: staff and their sessions, handovers, tickets and their deliveries."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_TABLES = ("delivery", "ticket", "handover", "staff_attempt", "staff_session", "staff_account")


def upgrade() -> None:
    # Ids are never given twice: a page that stays open must not come to mean something else.
    op.create_table(
        "staff_account",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("login", sa.String(100), nullable=False, unique=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("password", sa.String(200), nullable=False),
        sa.Column("offices", sa.JSON, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "staff_session",
        sa.Column("token", sa.String(64), primary_key=True),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("staff_account.id", ondelete="CASCADE"), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
        sa.Column("seen", sa.Float, nullable=False),
        sa.Column("present", sa.Boolean, nullable=False),
    )
    op.create_index("staff_session_of_account", "staff_session", ["account_id"])
    op.create_table(
        "staff_attempt",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last", sa.Float, nullable=False),
    )
    op.create_table(
        "handover",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("conversation_id", sa.Integer, sa.ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
        sa.Column("office", sa.String(200), nullable=False),
        sa.Column("service", sa.String(200), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("requested", sa.Float, nullable=False),
        sa.Column("accepted", sa.Float),
        sa.Column("closed", sa.Float),
        sa.Column("clerk_id", sa.Integer, sa.ForeignKey("staff_account.id", ondelete="SET NULL")),
        sa.Column("clerk_name", sa.String(100), nullable=False),
        sa.Column("last_key", sa.String(64), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("handover_of_conversation", "handover", ["conversation_id"])
    is_open = sa.text("state IN ('waiting', 'active')")
    op.create_index("handover_open", "handover", ["conversation_id"], unique=True, sqlite_where=is_open, postgresql_where=is_open)
    op.create_table(
        "ticket",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("reference", sa.String(20), nullable=False, unique=True),
        sa.Column("origin", sa.String(64), nullable=False, unique=True),
        sa.Column("conversation_id", sa.Integer, sa.ForeignKey("conversation.id", ondelete="SET NULL")),
        sa.Column("office", sa.String(200), nullable=False),
        sa.Column("office_name", sa.String(300), nullable=False),
        sa.Column("service", sa.String(200), nullable=False),
        sa.Column("service_name", sa.String(300), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("phone", sa.String(50), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("transcript", sa.JSON, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("expected", sa.String(10), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ticket_of_conversation", "ticket", ["conversation_id"])
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("ticket_id", sa.Integer, sa.ForeignKey("ticket.id", ondelete="CASCADE"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due", sa.Float, nullable=False),
        sa.Column("done", sa.Float),
        sa.Column("error", sa.String(500), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("delivery_of_ticket", "delivery", ["ticket_id"])
    op.create_index("delivery_open", "delivery", ["kind", "done", "due"])


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)
