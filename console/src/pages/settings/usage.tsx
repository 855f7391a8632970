// What the workspace uses, beside what it may use.
import { Trans, useLingui } from '@lingui/react/macro';
import type { ReactNode } from 'react';
import { useQuery } from 'urql';

import { UsageDocument } from '../../api/settings';
import { count, NOTHING } from '../../format';
import { Card, Failed, Loading } from '../../ui/parts';
import { word } from '../../words';

export function UsageOfWorkspace(): ReactNode {
  const { t } = useLingui();
  const [{ data, error, fetching }, ask] = useQuery({ query: UsageDocument, requestPolicy: 'cache-and-network' });
  return (
    <>
      {error && <Failed error={error} again={() => ask({ requestPolicy: 'network-only' })} />}
      {!data && fetching && <Loading />}
      {data && (
        <Card bare>
          <div className="scroll" role="region" aria-label={t`Usage and limits`} tabIndex={0}>
            <table>
              <thead><tr><th scope="col"><Trans>What</Trans></th><th scope="col" className="number"><Trans>Used</Trans></th><th scope="col" className="number"><Trans>Limit</Trans></th></tr></thead>
              <tbody>
                {data.usage.filter((line) => line.used !== 0 || line.kind == null).map((line) => (
                  <tr key={`${line.item} ${line.kind ?? ''}`}>
                    <th scope="row">{word(line.item)}{line.kind && ` · ${word(line.kind)}`}</th>
                    <td className="number">{line.used == null ? NOTHING : count(line.used)}</td>
                    <td className="number">{line.limit == null ? t`none` : count(line.limit)}{line.used != null && line.limit != null && line.used >= line.limit * 0.9 && <> <span className="badge warn"><Trans>nearly full</Trans></span></>}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </Card>
      )}
    </>
  );
}
