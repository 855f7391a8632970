"""The questions of the bench of criteria, each with the best handwritten SQL for it.

It returns what statements of the engine return, an array in binary form; `$1` is the instant that windows end at.
"""

from typing import Any

SEGMENT = 1
"""The segment that a third of the people are in; for handwritten SQL they are rows of `memberships`."""

CASES: list[tuple[str, dict[str, Any], str]] = [
    (
        "more than 5 visits in 30 days",
        {"event": {"name": "visit", "op": "GT", "value": 5, "within": {"last": "P30D"}}},
        """SELECT array_send(array_agg(ordinal)) FROM (SELECT ordinal FROM events WHERE workspace_id = 1 AND kind = 1
           AND name = 'visit' AND occurred_at > $1::timestamptz - interval '30 days' AND occurred_at <= $1
           GROUP BY ordinal HAVING count(*) > 5) t""",
    ),
    (
        "2 orders, 800 in sum, granted",
        {
            "all": [
                {"event": {"name": "order", "value": 2}},
                {"event": {"name": "order", "aggregate": "SUM", "op": "GT", "value": 800}},
                {"consent": {"channel": "EMAIL", "state": "GRANTED"}},
            ]
        },
        """SELECT array_send(array_agg(m.ordinal)) FROM members m JOIN event_totals t ON t.workspace_id = 1
           AND t.kind = 1 AND t.name = 'order' AND t.ordinal = m.ordinal AND t.count >= 2 AND t.sum > 800
           WHERE m.workspace_id = 1 AND m.kind = 1 AND m.consent_email = 1 AND $1::timestamptz IS NOT NULL""",
    ),
    (
        "few by country and size, who ordered in 30 days",
        {
            "all": [
                {"attribute": {"field": "country", "op": "EQ", "value": "DE"}},
                {"attribute": {"field": "employees", "op": "LT", "value": 50}},
                {"event": {"name": "order", "within": {"last": "P30D"}}},
            ]
        },
        """SELECT array_send(array_agg(m.ordinal)) FROM members m WHERE m.workspace_id = 1 AND m.kind = 1
           AND m.country = 'DE' AND m.employees < 50 AND EXISTS (SELECT FROM events e WHERE e.workspace_id = 1
           AND e.kind = 1 AND e.name = 'order' AND e.ordinal = m.ordinal
           AND e.occurred_at > $1::timestamptz - interval '30 days' AND e.occurred_at <= $1)""",
    ),
    (
        "no visit in 30 days",
        {"event": {"name": "visit", "op": "EQ", "value": 0, "within": {"last": "P30D"}}},
        """SELECT array_send(array_agg(m.ordinal)) FROM members m WHERE m.workspace_id = 1 AND m.kind = 1
           AND NOT EXISTS (SELECT FROM event_totals t WHERE t.workspace_id = 1 AND t.kind = 1 AND t.name = 'visit'
           AND t.ordinal = m.ordinal AND t.last_at > $1::timestamptz - interval '30 days')""",
    ),
    (
        "no visit in 3 days",
        {"event": {"name": "visit", "op": "EQ", "value": 0, "within": {"last": "P3D"}}},
        """SELECT array_send(array_agg(m.ordinal)) FROM members m WHERE m.workspace_id = 1 AND m.kind = 1
           AND NOT EXISTS (SELECT FROM events e WHERE e.workspace_id = 1 AND e.kind = 1 AND e.name = 'visit'
           AND e.ordinal = m.ordinal AND e.occurred_at > $1::timestamptz - interval '3 days'
           AND e.occurred_at <= $1)""",
    ),
    (
        "visit, then order within 7 days",
        {"sequence": {"steps": [{"name": "visit"}, {"name": "order"}], "within": "P7D"}},
        """SELECT array_send(array_agg(ordinal)) FROM (SELECT DISTINCT ordinal FROM (SELECT ordinal, name,
           occurred_at, max(occurred_at) FILTER (WHERE name = 'visit') OVER (PARTITION BY ordinal
           ORDER BY occurred_at GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS visited FROM events
           WHERE workspace_id = 1 AND kind = 1 AND name IN ('visit', 'order') AND occurred_at <= $1) t
           WHERE name = 'order' AND occurred_at <= visited + interval '168 hours') u""",
    ),
    (
        "visit, then order",
        {"sequence": {"steps": [{"name": "visit"}, {"name": "order"}]}},
        """SELECT array_send(array_agg(a.ordinal)) FROM event_totals a JOIN event_totals b ON b.workspace_id = 1
           AND b.kind = 1 AND b.name = 'order' AND b.ordinal = a.ordinal AND b.last_at > a.first_at
           WHERE a.workspace_id = 1 AND a.kind = 1 AND a.name = 'visit' AND $1::timestamptz IS NOT NULL""",
    ),
    (
        "two visits, then order, within 3 days",
        {"sequence": {"steps": [{"name": "visit"}, {"name": "visit"}, {"name": "order"}], "within": "P3D"}},
        """SELECT array_send(array_agg(DISTINCT ordinal)) FROM (SELECT ordinal, name, occurred_at,
           max(first) OVER w AS first FROM (SELECT ordinal, name, occurred_at, CASE WHEN name = 'visit' THEN
           max(occurred_at) FILTER (WHERE name = 'visit') OVER w END AS first FROM events WHERE workspace_id = 1
           AND kind = 1 AND name IN ('visit', 'order') AND occurred_at <= $1 WINDOW w AS (PARTITION BY ordinal
           ORDER BY occurred_at GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) t WINDOW w AS
           (PARTITION BY ordinal ORDER BY occurred_at GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) u
           WHERE name = 'order' AND occurred_at <= first + interval '72 hours'""",
    ),
    (
        "visit, then order within 7 days, in 30 days",
        {
            "sequence": {
                "steps": [
                    {"name": "visit", "within": {"last": "P30D"}},
                    {"name": "order", "within": {"last": "P30D"}},
                ],
                "within": "P7D",
            }
        },
        """SELECT array_send(array_agg(ordinal)) FROM (SELECT DISTINCT ordinal FROM (SELECT ordinal, name,
           occurred_at, max(occurred_at) FILTER (WHERE name = 'visit') OVER (PARTITION BY ordinal
           ORDER BY occurred_at GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS visited FROM events
           WHERE workspace_id = 1 AND kind = 1 AND name IN ('visit', 'order') AND occurred_at <= $1
           AND occurred_at > $1::timestamptz - interval '30 days') t
           WHERE name = 'order' AND occurred_at <= visited + interval '168 hours') u""",
    ),
    (
        "an order, but none in 30 days",
        {
            "all": [
                {"event": {"name": "order"}},
                {"event": {"name": "order", "op": "EQ", "value": 0, "within": {"last": "P30D"}}},
            ]
        },
        """SELECT array_send(array_agg(ordinal)) FROM event_totals WHERE workspace_id = 1 AND kind = 1
           AND name = 'order' AND last_at <= $1::timestamptz - interval '30 days'""",
    ),
    (
        "of a country, or 3 orders",
        {
            "any": [
                {"attribute": {"field": "country", "op": "EQ", "value": "DE"}},
                {"event": {"name": "order", "op": "GTE", "value": 3}},
            ]
        },
        """SELECT array_send(array_agg(m.ordinal)) FROM members m LEFT JOIN event_totals t ON t.workspace_id = 1
           AND t.kind = 1 AND t.name = 'order' AND t.ordinal = m.ordinal
           WHERE m.workspace_id = 1 AND m.kind = 1 AND (m.country = 'DE' OR t.count >= 3)
           AND $1::timestamptz IS NOT NULL""",
    ),
    (
        "tags, plan and a sample of 10 %",
        {
            "all": [
                {"tags": {"op": "HAS_ANY", "values": ["tag1", "tag2", "group3"]}},
                {"attribute": {"field": "plan", "op": "EQ", "value": "pro"}},
                {"sample": {"percent": 10, "seed": "bench"}},
            ]
        },
        """SELECT array_send(array_agg(ordinal)) FROM members WHERE workspace_id = 1 AND kind = 1
           AND tags && ARRAY['tag1', 'tag2', 'group3'] AND attributes->>'plan' = 'pro'
           AND md5('bench:' || external_id) COLLATE "C" < '1999999a' AND $1::timestamptz IS NOT NULL""",
    ),
    (
        "a renewal in 14 days, whatever the year",
        {"attribute": {"field": "renewal", "op": "ANNIVERSARY_WITHIN", "value": "P14D"}},
        """SELECT array_send(array_agg(ordinal)) FROM members WHERE workspace_id = 1 AND kind = 1
           AND substr(attributes->>'renewal', 6, 5) = ANY (ARRAY(
             SELECT to_char(($1::timestamptz AT TIME ZONE 'UTC')::date + n, 'MM-DD') FROM generate_series(0, 14) n))""",
    ),
    (
        "of an account that is large, in software",
        {
            "related": {
                "relation": "account",
                "where": {
                    "all": [
                        {"attribute": {"field": "industry", "op": "EQ", "value": "software"}},
                        {"attribute": {"field": "employees", "op": "GT", "value": 1000}},
                    ]
                },
            }
        },
        """SELECT array_send(array_agg(DISTINCT r.from_ordinal)) FROM relations r JOIN members a
           ON a.workspace_id = 1 AND a.kind = 2 AND a.ordinal = r.to_ordinal AND a.industry = 'software'
           AND a.employees > 1000 WHERE r.workspace_id = 1 AND r.relation = 1 AND $1::timestamptz IS NOT NULL""",
    ),
    (
        "in a segment of a third, with a score",
        {
            "all": [
                {"segment": {"op": "IN", "id": SEGMENT}},
                {"attribute": {"field": "score", "op": "GTE", "value": 50}},
            ]
        },
        """SELECT array_send(array_agg(m.ordinal)) FROM members m JOIN memberships s ON s.segment_id = 1
           AND s.ordinal = m.ordinal WHERE m.workspace_id = 1 AND m.kind = 1 AND m.score >= 50
           AND $1::timestamptz IS NOT NULL""",
    ),
]

BASE: list[dict[str, Any]] = [
    {"attribute": {"field": "country", "op": "IN", "values": ["US", "DE"]}},
    {"attribute": {"field": "employees", "op": "BETWEEN", "values": [200, 2000]}},
    {"attribute": {"field": "industry", "op": "NE", "value": "retail"}},
    {"event": {"name": "visit", "op": "GT", "value": 2, "within": {"last": "P30D"}}},
    {"event": {"name": "order", "aggregate": "SUM", "op": "GT", "value": 500}},
]
"""The five conditions of a preview."""

EDITS: list[tuple[str, dict[str, Any]]] = [
    ("country", {"attribute": {"field": "country", "op": "IN", "values": ["US", "FR"]}}),
    ("employees", {"attribute": {"field": "employees", "op": "BETWEEN", "values": [300, 2500]}}),
    ("industry", {"attribute": {"field": "industry", "op": "NE", "value": "energy"}}),
    ("visits", {"event": {"name": "visit", "op": "GT", "value": 3, "within": {"last": "P30D"}}}),
    ("orders", {"event": {"name": "order", "aggregate": "SUM", "op": "GT", "value": 800}}),
]
"""What each of them is changed to."""
