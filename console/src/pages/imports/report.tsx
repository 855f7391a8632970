// A report of ads: its columns, the campaigns behind its names, a trial, and an account of every row.
import './imports.css';

import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useState, type ReactNode } from 'react';
import { useClient, useQuery } from 'urql';
import { Link } from 'wouter';

import { mayWrite, useViewer } from '../../api/viewer';
import { count } from '../../format';
import { graphql } from '../../gql';
import type { ImportReportMutation, ReportCampaignInput } from '../../gql/graphql';
import { ChoiceField, TextField, useTitle } from '../../ui/editing';
import { Card, Empty, Failed, Figure, PageHead, Problems, type Problem } from '../../ui/parts';
import { say } from '../../ui/toasts';
import { Drop, WhatWorks } from './drop';
import { fieldText } from './fields';
import { Open, Samples, type Reading } from './reading';

const ReportDocument = graphql(`
  mutation ImportReport($input: ImportCampaignMetricsInput!) {
    importCampaignMetrics(input: $input) {
      read
      written
      unchanged
      summed
      ignored
      failed
      warned
      repeated
      sumsEqualKeys
      skipLines
      campaignCount
      ignoredLines
      mapping {
        column
        field
      }
      columns {
        name
        field
        samples
        interpreted
        reading
        ambiguities {
          setting
          options
          message
        }
      }
      campaigns {
        name
        adSet
        rows
        basis
        leftOut
        problem
        campaign {
          id
          name
        }
        segment {
          id
          name
        }
      }
      rowErrors {
        index
        code
        message
        path
      }
      errors {
        ...Wrong
      }
    }
  }
`);

const CampaignsDocument = graphql(`
  query ReportCampaigns {
    campaigns(first: 500) {
      nodes {
        id
        name
        segments {
          id
          name
        }
      }
    }
  }
`);

type Result = ImportReportMutation['importCampaignMetrics'];

const FIELDS = ['campaign', 'adSet', 'segment', 'day', 'periodStart', 'periodEnd', 'spend', 'impressions', 'clicks', 'conversions', 'currency'] as const;
const LEFT_OUT = '-';
const keyOf = (row: { name: string; adSet?: string | null }): string => `${row.name}\0${row.adSet ?? ''}`;

export default function ReportPage(): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  const client = useClient();
  const [{ data: known, error }] = useQuery({ query: CampaignsDocument });
  const [file, setFile] = useState<File | null>(null);
  const [result, setResult] = useState<Result | null>(null);
  const [problems, setProblems] = useState<readonly Problem[]>([]);
  const [isDone, setDone] = useState(false);
  const [isChanged, setChanged] = useState(false);
  const [busy, setBusy] = useState(false);
  const [targets, setTargets] = useState<Readonly<Record<string, string>>>({});
  const [readings, setReadings] = useState<Readonly<Record<string, Reading>>>({});
  const [chosen, setChosen] = useState<Readonly<Record<string, ReportCampaignInput>>>({});
  const [day, setDay] = useState('');
  const [currency, setCurrency] = useState('');
  const [sums, setSums] = useState<'' | 'yes' | 'no'>('');
  useTitle(t`Report of ads`);
  const campaigns = known?.campaigns.nodes ?? [];

  async function send(given: File, dryRun: boolean, isFirst = false): Promise<void> {
    setBusy(true);
    const columns = Object.entries(readings).map(([column, reading]) => ({ column, ...reading }));
    const mapping = result && Object.keys(targets).length ? result.columns.flatMap((column) => { const field = targets[column.name] ?? column.field; return field ? [{ column: column.name, field }] : []; }) : [];
    const answer = await client.mutation(ReportDocument, {
      input: {
        file: given, dryRun,
        ...(!isFirst && {
          ...(mapping.length && { mapping }), ...(columns.length && { columns }), ...(Object.keys(chosen).length && { campaigns: Object.values(chosen) }),
          ...(day && { day }), ...(currency.trim() && { currency: currency.trim().toUpperCase() }), ...(sums && { sumEqualKeys: sums === 'yes' }),
        }),
      },
    }).toPromise();
    setBusy(false);
    const got = answer.data?.importCampaignMetrics;
    setProblems(got ? got.errors : [{ code: 'NETWORK', message: answer.error?.graphQLErrors[0]?.message ?? answer.error?.message ?? '' }]);
    if (!got) return;
    setResult(got);
    setChanged(false);
    const isWhole = !dryRun && got.errors.length === 0;
    setDone(isWhole);
    if (isWhole) say(t`Recorded: ${got.written}`);
  }

  function take(given: File): void {
    setFile(given);
    setResult(null);
    setTargets({});
    setReadings({});
    setChosen({});
    setDone(false);
    void send(given, true, true);
  }

  const changed = <T,>(set: (value: T) => void) => (value: T): void => { set(value); setChanged(true); setDone(false); };
  if (!mayWrite(viewer)) return <Empty title={<Trans>You may not record metrics</Trans>} />;
  return (
    <>
      <PageHead title={<Trans>Report of ads</Trans>} below={<Trans>As Google Ads, Meta, LinkedIn, Microsoft Advertising or TikTok write it, with a row for each day; or a table of your own.</Trans>}>
        <Link href="/imports" className="button"><Trans>All imports</Trans></Link>
      </PageHead>
      {error && <Failed error={error} />}
      <Problems of={problems} />
      {problems.length > 0 && !result?.columns.length && <WhatWorks />}
      {(!file || isDone || (!busy && !result?.columns.length)) && <Drop busy={busy} onFile={take} hint={<Trans>It is checked first. Nothing is recorded yet.</Trans>} />}
      {result && result.columns.length > 0 && (
        <>
          <Card title={isDone ? <Trans>What became of each row</Trans> : <Trans>What would happen to each row</Trans>} side={<span className="muted small">{file?.name} · <Plural value={result.read} one="# row" other="# rows" /></span>}>
            <div className="stack">
              <Counts of={result} isDone={isDone} />
              {!isDone && (
                <div className="row">
                  <button type="button" className="button" disabled={busy} onClick={() => file && void send(file, true)}>{busy ? <Trans>Checking</Trans> : <Trans>Check again</Trans>}</button>
                  <button type="button" className="button primary" disabled={busy || (problems.length > 0 && !isChanged)} onClick={() => file && void send(file, false)}><Trans>Record the metrics</Trans></button>
                  <button type="button" className="button plain" onClick={() => { setFile(null); setResult(null); setProblems([]); }}><Trans>Another file</Trans></button>
                  {isChanged && <span className="muted small"><Trans>You changed something: check again to see what it does.</Trans></span>}
                </div>
              )}
            </div>
          </Card>
          {result.rowErrors.length > 0 && (
            <Card title={<Trans>Rows with a mistake</Trans>} bare>
              <div className="rejects" tabIndex={0} role="group" aria-label={t`Rows with a mistake`}>
                <table>
                  <thead><tr><th style={{ width: '5rem' }}><Trans>Line</Trans></th><th><Trans>Reason</Trans></th></tr></thead>
                  <tbody>{result.rowErrors.map((row, index) => <tr key={index}><td>{row.index}</td><td className="reason">{row.message}</td></tr>)}</tbody>
                </table>
              </div>
            </Card>
          )}
          {!isDone && (
            <>
              {result.campaigns.length > 0 && (
                <Card title={<Trans>Campaigns behind the names</Trans>} side={<span className="muted small"><Trans>What you choose is kept for the next report</Trans></span>} bare>
                  <div className="scroll" tabIndex={0} role="group" aria-label={t`Campaigns behind the names`}>
                    <table className="mapping">
                      <thead><tr><th><Trans>In the report</Trans></th><th className="number"><Trans>Rows</Trans></th><th><Trans>Campaign</Trans></th><th><Trans>Segment</Trans></th></tr></thead>
                      <tbody>
                        {result.campaigns.map((row) => {
                          const mine = chosen[keyOf(row)];
                          const campaignId = mine ? (mine.leaveOut ? LEFT_OUT : (mine.campaignId ?? '')) : row.leftOut ? LEFT_OUT : (row.campaign?.id ?? '');
                          const segments = campaigns.find((one) => one.id === campaignId)?.segments ?? [];
                          const name = row.adSet ? `${row.name} / ${row.adSet}` : row.name;
                          const set = (next: Partial<ReportCampaignInput>): void => changed(setChosen)({ ...chosen, [keyOf(row)]: { name: row.name, ...(row.adSet && { adSet: row.adSet }), ...next } });
                          return (
                            <tr key={keyOf(row)} data-open={row.problem && !mine ? '' : undefined}>
                              <td className="column">{name}{row.problem && !mine && <div className="small wrong" style={{ fontWeight: 400 }}>{row.problem}</div>}</td>
                              <td className="number">{count(row.rows)}</td>
                              <td><div className="target">
                                <select aria-label={t`Campaign of ${name}`} value={campaignId} onChange={(event) => set(event.target.value === LEFT_OUT ? { leaveOut: true } : event.target.value ? { campaignId: event.target.value } : { forget: true })}>
                                  <option value="">{t`Choose a campaign`}</option>
                                  <option value={LEFT_OUT}>{t`Leave these rows out`}</option>
                                  {campaigns.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
                                </select>
                                {!mine && row.basis !== 'NOTHING' && <span className="muted small">{{ CHOSEN: t`as you chose`, KEPT: t`as for an earlier report`, SAME_NAME: t`it has this name` }[row.basis]}</span>}
                              </div></td>
                              <td>
                                {segments.length > 1 ? (
                                  <select aria-label={t`Segment of ${name}`} value={mine?.segmentId ?? row.segment?.id ?? ''} onChange={(event) => set({ campaignId, segmentId: event.target.value || null })}>
                                    <option value="">{t`Choose a segment`}</option>
                                    {segments.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
                                  </select>
                                ) : (segments[0]?.name ?? row.segment?.name ?? '–')}
                              </td>
                            </tr>
                          );
                        })}
                      </tbody>
                    </table>
                  </div>
                </Card>
              )}
              <Card title={<Trans>Columns and where they go</Trans>} side={result.skipLines > 0 && <span className="muted small"><Plural value={result.skipLines} one="# line before the table" other="# lines before the table" /></span>} bare>
                <div className="scroll" tabIndex={0} role="group" aria-label={t`Columns and where they go`}>
                  <table className="mapping">
                    <thead><tr><th><Trans>Column</Trans></th><th><Trans>Goes to</Trans></th><th><Trans>Samples: in the file → as stored</Trans></th></tr></thead>
                    <tbody>
                      {result.columns.map((column) => {
                        const field = targets[column.name] ?? column.field ?? '';
                        return (
                          <tr key={column.name} data-open={column.ambiguities.length && !readings[column.name] ? '' : undefined}>
                            <td className="column">{column.name}</td>
                            <td>
                              <div className="target">
                                <select aria-label={t`${column.name} goes to`} value={field} onChange={(event) => changed(setTargets)({ ...targets, [column.name]: event.target.value })}>
                                  <option value="">{t`Skip this column`}</option>
                                  {FIELDS.map((one) => <option key={one} value={one}>{fieldText(one)}</option>)}
                                </select>
                                {field && column.ambiguities.length > 0 && <Open column={column.name} field={field} type="STRING" known={column.reading as Reading} ambiguities={column.ambiguities} value={readings[column.name] ?? {}} onChange={(reading) => changed(setReadings)({ ...readings, [column.name]: reading })} />}
                              </div>
                            </td>
                            <td className="samples"><Samples before={column.samples} after={column.field ? column.interpreted : null} /></td>
                          </tr>
                        );
                      })}
                    </tbody>
                  </table>
                </div>
              </Card>
              <Card title={<Trans>For all rows</Trans>}>
                <div className="pair">
                  <TextField label={t`Day of all rows`} type="date" hint={t`If no column has it`} value={day} onChange={changed(setDay)} problems={problems} name="day" />
                  <TextField label={t`Currency of the report`} hint={t`If it is not ${viewer.workspace.currency}; amounts are not converted`} value={currency} onChange={changed(setCurrency)} problems={problems} name="currency" />
                  <ChoiceField label={t`Rows of one campaign, segment and day`} value={sums} options={[['', result.sumsEqualKeys ? t`are added up (detected)` : t`the last one counts (detected)`], ['yes', t`are added up`], ['no', t`the last one counts`]]} onChange={changed(setSums)} />
                </div>
              </Card>
            </>
          )}
        </>
      )}
    </>
  );
}

function Counts({ of, isDone }: { of: Result; isDone: boolean }): ReactNode {
  const { t } = useLingui();
  const parts = [
    { n: of.written, tone: 'good', text: isDone ? t`recorded` : t`to be recorded` }, { n: of.summed, tone: 'good', text: t`added to others` },
    { n: of.unchanged, tone: 'same', text: t`there already` }, { n: of.ignored, tone: 'warn', text: t`left out` }, { n: of.failed, tone: 'bad', text: t`with a mistake` },
  ];
  const whole = of.read || 1;
  return (
    <>
      <div className="account" role="img" aria-label={parts.map((part) => `${part.text}: ${part.n}`).join(', ')}>{parts.map((part) => part.n > 0 && <i key={part.text} className={part.tone} style={{ width: `${(100 * part.n) / whole}%` }} />)}</div>
      <div className="figures small-figures">{parts.map((part) => <Figure key={part.text} label={part.text}>{count(part.n)}</Figure>)}</div>
      {of.warned > 0 && <p><Plural value={of.warned} one="# row looks odd, such as more clicks than impressions." other="# rows look odd, such as more clicks than impressions." /></p>}
      {of.repeated > 0 && <p className="muted"><Plural value={of.repeated} one="# row has the campaign, segment and day of another one." other="# rows have the campaign, segment and day of another one." /></p>}
    </>
  );
}
