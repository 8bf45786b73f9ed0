"""Telegram: who polls, which chat is whose, and the messages' ids there.

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TO_TAKE_BACK = "channel_ref IS NOT NULL AND identity_session_id IS NOT NULL"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=60), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "telegram_chats",
        sa.Column("conversation_id", sa.String(length=64), nullable=False),
        sa.Column("chat_hash", sa.String(length=64), nullable=False),
        sa.Column("chat_ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_telegram_chats_conversation_id_conversations"),
        ),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_telegram_chats")),
    )
    open_chats = sa.text("left_at IS NULL")
    op.create_index(
        "uq_telegram_chats_open",
        "telegram_chats",
        ["chat_hash"],
        unique=True,
        sqlite_where=open_chats,
        postgresql_where=open_chats,
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("channel_ref", sa.String(length=200), nullable=True))
        batch_op.create_index(
            "ix_messages_to_take_back",
            ["identity_session_id"],
            unique=False,
            sqlite_where=sa.text(TO_TAKE_BACK),
            postgresql_where=sa.text(TO_TAKE_BACK),
        )


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_index("ix_messages_to_take_back")
        batch_op.drop_column("channel_ref")
    op.drop_index("uq_telegram_chats_open", table_name="telegram_chats")
    op.drop_table("telegram_chats")
    op.drop_table("leases")
