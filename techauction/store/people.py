"""Markets, fields, organisations, users and their sessions."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Dialect, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from techauction.core.binding import Bidder
from techauction.core.names import Name
from techauction.core.tokens import TokenScope
from techauction.store.base import NEVER_AGAIN, Row, enum_column


class MarketRow(Row):
    """A technology exchange (技术交易市场)."""

    __tablename__ = "markets"

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int]
    name_zh: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))
    telephone: Mapped[str] = mapped_column(String(40), default="")

    @property
    def name(self) -> Name:
        """Return the name in both languages."""
        return Name(self.name_zh, self.name_en)


class FieldRow(Row):
    """A field of technology (领域)."""

    __tablename__ = "fields"

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int]
    name_zh: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))

    @property
    def name(self) -> Name:
        """Return the name in both languages."""
        return Name(self.name_zh, self.name_en)


class OrganisationKind(StrEnum):
    """What an organisation is, for reports; any kind may consign and bid."""

    UNIVERSITY = "university"
    INSTITUTE = "institute"
    HOSPITAL = "hospital"
    ENTERPRISE = "enterprise"
    COLLECTIVE = "collective"
    PERSON = "person"


class Standing(StrEnum):
    """Whether an organisation's registration was approved by its market."""

    REGISTERED = "registered"
    APPROVED = "approved"
    REFUSED = "refused"


class OrganisationRow(Row):
    """An institute (科研院所) or an enterprise (企业).

    `code_accepted_at`: when its market took a credit code that does not check; the audit says by whom.
    """

    __tablename__ = "organisations"
    __table_args__ = NEVER_AGAIN

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[OrganisationKind] = mapped_column(enum_column(OrganisationKind, "kind"))
    name_zh: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    credit_code: Mapped[str] = mapped_column(String(18), unique=True)
    province: Mapped[str] = mapped_column(String(40))
    legal_representative: Mapped[str] = mapped_column(String(80), default="")
    agent: Mapped[str] = mapped_column(String(80), default="")
    telephone: Mapped[str] = mapped_column(String(40), default="")
    market_key: Mapped[str] = mapped_column(ForeignKey("markets.key"), index=True)
    standing: Mapped[Standing] = mapped_column(enum_column(Standing, "standing"))
    standing_reason: Mapped[str] = mapped_column(String(500), default="")
    synthetic: Mapped[bool] = mapped_column(default=False)
    registered_at: Mapped[datetime]
    code_accepted_at: Mapped[datetime | None]
    # The round that it was loaded with. No foreign key: a round refers to organisations already.
    loaded_with_id: Mapped[int | None] = mapped_column(index=True)

    market: Mapped[MarketRow] = relationship()

    @property
    def name(self) -> Name:
        """Return the name in both languages."""
        return Name(self.name_zh, self.name_en)

    @property
    def bidder(self) -> Bidder:
        """Return the organisation as a paddle is bound to it."""
        return Bidder(self.credit_code, self.name_zh, self.name_en)


class Role(StrEnum):
    """What a user may do here. Each user has one."""

    INSTITUTE = "institute"
    ENTERPRISE = "enterprise"
    ORGANIZER = "organizer"
    MANAGER = "manager"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class UserRow(Row):
    """A person who signs in. Institutes and enterprises have an organisation; organizers and managers a market."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("(role IN ('institute', 'enterprise')) = (organisation_id IS NOT NULL)", name="organisation_by_role"),
        CheckConstraint("role NOT IN ('organizer', 'manager') OR market_key IS NOT NULL", name="market_by_role"),
        NEVER_AGAIN,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sign_in_name: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(200), default="")
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(enum_column(Role, "role"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    market_key: Mapped[str | None] = mapped_column(ForeignKey("markets.key"))
    sealing_officer: Mapped[bool] = mapped_column(default=False)
    locale: Mapped[str | None] = mapped_column(String(16))
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]

    organisation: Mapped[OrganisationRow | None] = relationship()
    market: Mapped[MarketRow | None] = relationship()


class ManagerFieldRow(Row):
    """A field that a technology-transfer manager takes cases of."""

    __tablename__ = "manager_fields"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    field_key: Mapped[str] = mapped_column(ForeignKey("fields.key"), primary_key=True)

    user: Mapped[UserRow] = relationship()
    field: Mapped[FieldRow] = relationship()


class UserSessionRow(Row):
    """A sign-in: the token's SHA-256, never the token. Revoked rows stay."""

    __tablename__ = "user_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(String(64), default="")
    agent: Mapped[str] = mapped_column(String(300), default="")

    user: Mapped[UserRow] = relationship()


class ScopesColumn(TypeDecorator[frozenset[TokenScope]]):
    """The scopes of a token in one text, in the order of the enumeration: `read bid`."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: frozenset[TokenScope] | None, dialect: Dialect) -> str | None:
        """Return the text."""
        del dialect
        return None if value is None else " ".join(scope.value for scope in TokenScope if scope in value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> frozenset[TokenScope] | None:
        """Return the scopes."""
        del dialect
        return None if value is None else frozenset(TokenScope(scope) for scope in value.split())


class ApiTokenRow(Row):
    """A user's token for the JSON API: its SHA-256, never the token. Revoked rows stay."""

    __tablename__ = "api_tokens"
    __table_args__ = (
        CheckConstraint("scopes IN ('read', 'bid', 'read bid', 'organize', 'read organize')", name="scopes"),
        CheckConstraint("expires_at > created_at", name="expires_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    scopes: Mapped[frozenset[TokenScope]] = mapped_column(ScopesColumn)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    user: Mapped[UserRow] = relationship()
