// Who did what to which object, with what was there before and after.
import { Plural, Trans, useLingui } from '@lingui/react/macro';
import type { ReactNode } from 'react';

import { usePages } from '../../api/pages';
import { AuditDocument } from '../../api/settings';
import { moment } from '../../format';
import type { AuditSubject } from '../../gql/graphql';
import { useAddress } from '../../url';
import { Below, Card, Failed, Field, Loading, Several } from '../../ui/parts';
import { word } from '../../words';

const SUBJECTS: readonly AuditSubject[] = [
  'SEGMENT', 'LABEL', 'FOLDER', 'SAVED_VIEW', 'REPORT_NAME', 'CAMPAIGN', 'PLAYBOOK', 'IMPORT', 'IMPORT_TEMPLATE', 'EXPORT', 'BULK_EDIT', 'API_KEY', 'USER', 'GROUP', 'WORKSPACE',
  'SUPPRESSION', 'EVENT', 'METRICS', 'MEMBER', 'ATTRIBUTE', 'DESTINATION', 'DELIVERY', 'WEBHOOK',
];

export function Audit(): ReactNode {
  const { t } = useLingui();
  const [one, many, change] = useAddress();
  const subjects = SUBJECTS.filter((subject) => many('of').includes(subject));
  const between = one('from') || one('to') ? { from: one('from') ? `${one('from')}T00:00:00Z` : null, to: one('to') ? `${one('to')}T23:59:59.999Z` : null } : null;
  const pages = usePages(AuditDocument, { first: 50, subjects: subjects.length ? subjects : null, between }, (data) => data.auditLog);
  return (
    <>
      <div className="row">
        <Below text={<>{t`Of what`}{subjects.length > 0 && <span className="badge accent">{subjects.length}</span>}</>} label={t`Of what`}>
          <Several legend={t`Of what`} values={subjects} options={SUBJECTS} onChange={(of) => change({ of })} />
        </Below>
        <Field label={t`From`}>{(ids) => <input {...ids} type="date" value={one('from')} onChange={(event) => change({ from: event.target.value })} />}</Field>
        <Field label={t`Until`}>{(ids) => <input {...ids} type="date" value={one('to')} onChange={(event) => change({ to: event.target.value })} />}</Field>
        <span className="muted small" role="status">{pages.totalCount != null && <Plural value={pages.totalCount} one="# entry" other="# entries" />}</span>
        <button type="button" className="button small" onClick={pages.again}><Trans>Look again</Trans></button>
      </div>
      {pages.error && <Failed error={pages.error} again={pages.again} />}
      <Card bare>
        {pages.rows.length === 0 && (pages.isFetching ? <div className="body"><Loading /></div> : <p className="body muted"><Trans>Nothing was done that matches.</Trans></p>)}
        <ul className="plain-list">
          {pages.rows.map((entry) => (
            <li key={entry.id}>
              <div className="grow">
                <strong>{word(entry.action)}</strong> <span className="badge">{word(entry.subject)}</span> {entry.subjectName}
                {Boolean(entry.before || entry.after) && (
                  <details className="small">
                    <summary><Trans>Before and after</Trans></summary>
                    <div className="pair">
                      <pre className="payload" tabIndex={0}>{JSON.stringify(entry.before, null, 2)}</pre>
                      <pre className="payload" tabIndex={0}>{JSON.stringify(entry.after, null, 2)}</pre>
                    </div>
                  </details>
                )}
              </div>
              <span className="muted small">{entry.actor.name}{entry.actor.ip && ` · ${entry.actor.ip}`}</span>
              <span className="muted small">{moment(entry.at)}</span>
            </li>
          ))}
        </ul>
        {pages.hasMore && <div className="body"><button type="button" className="button small" onClick={pages.more}><Trans>Show more</Trans></button></div>}
      </Card>
    </>
  );
}
