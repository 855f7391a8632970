"""A connection to a real PostgreSQL with the tables that engines read."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from seggraph import embedded

_TABLES = """
CREATE TABLE members (
    id bigint PRIMARY KEY, workspace_id bigint NOT NULL, kind smallint NOT NULL, ordinal int NOT NULL,
    external_id text NOT NULL, name text, domain text, email text, phone text, country text, city text,
    industry text, revenue numeric, employees bigint, score double precision,
    is_target boolean NOT NULL, has_address boolean NOT NULL, tags text[] NOT NULL, attributes jsonb NOT NULL,
    consent_email smallint NOT NULL, consent_direct_mail smallint NOT NULL, consent_sms smallint NOT NULL,
    consent_phone smallint NOT NULL, consent_push smallint NOT NULL,
    created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, version int NOT NULL DEFAULT 1,
    first_name text, last_name text, salutation text, postal_code text, state text,
    UNIQUE (workspace_id, kind, ordinal)
);
CREATE TABLE member_addresses (
    member_id bigint PRIMARY KEY, workspace_id bigint NOT NULL, address text,
    shipping_address jsonb, billing_address jsonb
);
CREATE TABLE events (
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY, workspace_id bigint NOT NULL, occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT '-infinity', ordinal int NOT NULL, kind smallint NOT NULL,
    name text NOT NULL, value numeric(20, 4), properties jsonb,
    PRIMARY KEY (workspace_id, kind, ordinal, name, occurred_at, id)
) PARTITION BY RANGE (occurred_at);
CREATE TABLE events_early PARTITION OF events FOR VALUES FROM (MINVALUE) TO ('2026-01-01+00');
CREATE TABLE events_late PARTITION OF events FOR VALUES FROM ('2026-01-01+00') TO (MAXVALUE);
CREATE TABLE event_totals (
    workspace_id bigint NOT NULL, first_at timestamptz NOT NULL, last_at timestamptz NOT NULL, count bigint NOT NULL,
    valued_count bigint NOT NULL, ordinal int NOT NULL, kind smallint NOT NULL, name text NOT NULL,
    sum numeric NOT NULL, PRIMARY KEY (workspace_id, kind, name, ordinal)
);
CREATE TABLE relations (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, workspace_id bigint NOT NULL, relation smallint NOT NULL,
    from_kind smallint NOT NULL, to_kind smallint NOT NULL, from_ordinal int NOT NULL, to_ordinal int NOT NULL,
    UNIQUE (workspace_id, relation, from_ordinal, to_ordinal)
);
CREATE TABLE dirty_batches (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, workspace_id bigint NOT NULL, kind smallint NOT NULL,
    ordinals bytea NOT NULL, changed text[] NOT NULL
);
CREATE TABLE data_versions (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, workspace_id bigint NOT NULL, kind smallint NOT NULL,
    version bigint NOT NULL, UNIQUE (workspace_id, kind)
);
CREATE TABLE sources (
    id bigint PRIMARY KEY, workspace_id bigint NOT NULL, segment_id bigint NOT NULL, links_are_members boolean NOT NULL
);
CREATE TABLE chunks (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, workspace_id bigint NOT NULL, role smallint NOT NULL,
    owner_id bigint NOT NULL, chunk int NOT NULL, cardinality int NOT NULL, roaring bytea NOT NULL, toggled bytea,
    UNIQUE (workspace_id, role, owner_id, chunk)
);
"""


@pytest.fixture
async def connection(servers: embedded.Servers) -> AsyncIterator[asyncpg.Connection]:
    """A connection that finds empty tables, in a schema that the next test makes anew."""
    opened = await asyncpg.connect(servers.database_url, timeout=60)
    try:
        await opened.execute("DROP SCHEMA IF EXISTS engines CASCADE; CREATE SCHEMA engines")
        await opened.execute("SET search_path TO engines;" + _TABLES)
        yield opened
    finally:
        await opened.close(timeout=60)
