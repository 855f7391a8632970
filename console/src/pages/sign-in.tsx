import { Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useState, type ReactNode } from 'react';

import icon from '../icon.svg';
import { isAccepted, signIn, wasRefused } from '../session';
import { Field, Form } from '../ui/parts';

export function SignIn(): ReactNode {
  const { t } = useLingui();
  const [given, setGiven] = useState('');
  const [wrong, setWrong] = useState(wasRefused() ? t`Your token is not accepted any more. Sign in again.` : '');
  const [busy, setBusy] = useState(false);
  useEffect(() => { document.title = `${t`Sign in`} – seggraph`; }, [t]);

  async function submit(): Promise<void> {
    const text = given.trim();
    if (!text) return setWrong(t`Paste a token or an API key.`);
    setBusy(true);
    try {
      if (await isAccepted(text)) signIn(text);
      else setWrong(t`It is not accepted: it is wrong, has expired, or may not be used from here.`);
    } catch {
      setWrong(t`The server cannot be reached.`);
    }
    setBusy(false);
  }

  return (
    <main className="sign-in">
      <div className="card">
        <Form className="" onSubmit={() => void submit()}>
          <div className="row"><img src={icon} width="32" height="32" alt="" /><h1>seggraph</h1></div>
          <Field label={<Trans>Token or API key</Trans>} wrong={wrong} hint={<Trans>The demo prints a link that signs you in.</Trans>}>
            {(ids) => <input {...ids} type="password" autoComplete="off" value={given} onChange={(event) => setGiven(event.target.value)} />}
          </Field>
          <button type="submit" className="button primary" disabled={busy}><Trans>Sign in</Trans></button>
        </Form>
      </div>
    </main>
  );
}
