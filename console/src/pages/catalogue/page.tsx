// What is known of members of a kind: attributes with their use and fill, events with their properties, and tags.
import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useState, type ReactNode } from 'react';
import { useQuery } from 'urql';
import { Link } from 'wouter';

import { CatalogueDocument, EventNamesDocument, TagsDocument } from '../../api/catalogue';
import { mayWrite, useViewer } from '../../api/viewer';
import { ago, count, percent } from '../../format';
import type { CatalogueQuery, MemberKind } from '../../gql/graphql';
import { useAddress } from '../../url';
import { KINDS, useTitle } from '../../ui/editing';
import { Icon } from '../../ui/icon';
import { Actions, Card, Failed, Loading, PageHead, Search, Tabs } from '../../ui/parts';
import { word } from '../../words';
import { show } from '../members/values';
import { AttributeForm, ChangeAttribute, type Change } from './steps';

export type Attribute = CatalogueQuery['criteriaFields'][number];

export default function CataloguePage(): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  const [one, , change] = useAddress();
  const kind = (KINDS.includes(one('kind') as MemberKind) ? one('kind') : 'PERSON') as MemberKind;
  const search = one('search').toLowerCase();
  const [{ data, error, fetching }, ask] = useQuery({ query: CatalogueDocument, variables: { kind } });
  const again = (): void => ask({ requestPolicy: 'network-only' });
  const [asked, setAsked] = useState<{ what: 'new' | 'edit' | Change; attribute?: Attribute } | null>(null);
  useTitle(t`Catalogue`);
  const whole = data?.members.totalCount ?? 0;
  const rows = (data?.criteriaFields ?? []).filter((field) => `${field.name} ${field.label} ${field.description}`.toLowerCase().includes(search));
  const close = (): void => setAsked(null);
  return (
    <>
      <PageHead title={<Trans>Catalogue</Trans>} below={<Trans>What is known of members, and how much of it is filled in.</Trans>}>
        {mayWrite(viewer) && <button type="button" className="button primary" onClick={() => setAsked({ what: 'new' })}><Icon name="plus" /><Trans>New attribute</Trans></button>}
      </PageHead>
      <Tabs label={t`Kinds of members`} tabs={KINDS.map((name) => ({ key: name, href: `/catalogue?kind=${name}`, text: word(name), current: name === kind }))} />
      <div className="row">
        <Search key={kind} label={t`Search attributes`} value={one('search')} onChange={(text) => change({ search: text })} />
        <span className="muted small" role="status">{data && <Plural value={rows.length} one="# attribute" other="# attributes" />}</span>
      </div>
      {error && <Failed error={error} again={again} />}
      <Card title={<Trans>Attributes</Trans>} bare>
        {!data && fetching && <div className="body"><Loading /></div>}
        {data && (
          <div className="scroll" tabIndex={0} role="region" aria-label={t`Attributes`} style={{ maxHeight: '36rem', overflow: 'auto' }}>
            <table className="wide">
              <thead><tr><th><Trans>Name</Trans></th><th><Trans>Type</Trans></th><th><Trans>Filled in</Trans></th><th><Trans>Example</Trans></th><th><Trans>Marks</Trans></th><th><span className="hidden-text"><Trans>Actions</Trans></span></th></tr></thead>
              <tbody>
                {rows.map((field) => (
                  <tr key={field.name}>
                    <td><strong>{field.label}</strong> <code className="muted">{field.name}</code><div className="muted small">{field.description}</div></td>
                    <td>{word(field.type)}</td>
                    <td>
                      {field.memberCount == null ? '–' : (
                        <>
                          <span className="bar" style={{ display: 'block' }} aria-hidden="true"><i style={{ width: `${whole ? (100 * field.memberCount) / whole : 0}%` }} /></span>
                          <span className="small muted">{count(field.memberCount)} ({percent(whole ? field.memberCount / whole : 0)})</span>
                        </>
                      )}
                    </td>
                    <td className="small">{show(field.example)}</td>
                    <td><div className="chips">{field.isPersonal && <span className="badge warn"><Trans>personal</Trans></span>}{field.hidden && <span className="badge"><Trans>hidden</Trans></span>}{!field.isCustom && <span className="badge"><Trans>built in</Trans></span>}</div></td>
                    <td>
                      {field.isCustom && mayWrite(viewer) && (
                        <Actions
                          label={t`Actions for ${field.label}`}
                          actions={[
                            { key: 'edit', label: t`Describe or hide`, run: () => setAsked({ what: 'edit', attribute: field }) },
                            { key: 'rename', label: t`Rename`, run: () => setAsked({ what: 'RENAME', attribute: field }) },
                            { key: 'type', label: t`Change the type`, run: () => setAsked({ what: 'CONVERT', attribute: field }) },
                            { key: 'merge', label: t`Merge into another`, run: () => setAsked({ what: 'MERGE', attribute: field }) },
                            { key: 'delete', label: t`Delete`, danger: true, run: () => setAsked({ what: 'DELETE', attribute: field }) },
                          ]}
                        />
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Card>
      <div className="halves">
        <EventsOf kind={kind} />
        <TagsOf kind={kind} />
      </div>
      {(asked?.what === 'new' || asked?.what === 'edit') && <AttributeForm kind={kind} {...(asked.attribute && { attribute: asked.attribute })} onClose={close} onDone={again} />}
      {asked && asked.what !== 'new' && asked.what !== 'edit' && asked.attribute && (
        <ChangeAttribute kind={kind} what={asked.what} attribute={asked.attribute} others={(data?.criteriaFields ?? []).filter((field) => field.isCustom && field.name !== asked.attribute?.name)} onClose={close} onDone={again} />
      )}
    </>
  );
}

function EventsOf({ kind }: { kind: MemberKind }): ReactNode {
  const [{ data, error, fetching }] = useQuery({ query: EventNamesDocument, variables: { kind } });
  return (
    <Card title={<Trans>Events</Trans>} bare>
      {error && <Failed error={error} />}
      {!data && fetching && <div className="body"><Loading rows={2} /></div>}
      {data?.eventNames.length === 0 && <p className="body muted"><Trans>Members of this kind have done nothing yet.</Trans></p>}
      <ul className="plain-list">
        {data?.eventNames.map((event) => (
          <li key={event.name}>
            <div className="grow">
              <strong>{event.name}</strong>
              {event.properties.length > 0 && (
                <details className="small">
                  <summary><Plural value={event.properties.length} one="# property" other="# properties" /></summary>
                  <ul>{event.properties.map((property) => <li key={property.name}>{property.name} <span className="muted">({word(property.type)}{property.examples.length > 0 && `: ${property.examples.slice(0, 3).join(', ')}`})</span></li>)}</ul>
                </details>
              )}
            </div>
            <span className="muted small">{count(event.count)}, {ago(event.lastAt)}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function TagsOf({ kind }: { kind: MemberKind }): ReactNode {
  const [{ data, error }] = useQuery({ query: TagsDocument, variables: { kind } });
  return (
    <Card title={<Trans>Tags</Trans>}>
      {error && <Failed error={error} />}
      {data?.valueSuggestions.length === 0 && <p className="muted"><Trans>No member of this kind has a tag.</Trans></p>}
      <div className="chips">
        {data?.valueSuggestions.map((tag) => (
          <Link key={String(tag.value)} className="badge" href={`/members?kind=${kind}&where=${encodeURIComponent(`tags HAS ANY ('${String(tag.value).replaceAll("'", "''")}')`)}`}>{String(tag.value)} {count(tag.count)}</Link>
        ))}
      </div>
    </Card>
  );
}
