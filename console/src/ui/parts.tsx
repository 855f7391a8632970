// The parts that all pages are made of.
import { Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useId, useState, type FormEvent, type ReactNode } from 'react';
import { Dialog, DialogTrigger, Heading, Modal, ModalOverlay, Popover, Button as AriaButton, Menu, MenuItem, MenuTrigger } from 'react-aria-components';
import type { CombinedError } from 'urql';
import { Link } from 'wouter';

import { word } from '../words';
import { Icon, type IconName } from './icon';

export interface Problem {
  code: string;
  message: string;
  path?: readonly string[] | null;
}

/** What a request failed with, in a sentence, and what can be done. */
export function Failed({ error, again }: { error: CombinedError; again?: () => void }): ReactNode {
  const first = error.graphQLErrors[0];
  const requestId = first?.extensions['requestId'];
  return (
    <div className="note bad" role="alert">
      <Icon name="warning" />
      <div>
        <p>{error.networkError ? <Trans>The server cannot be reached. What you see may be old.</Trans> : first?.message}</p>
        {typeof requestId === 'string' && <p className="small"><Trans>Request {requestId}</Trans></p>}
        {again && <p><button type="button" className="button small" onClick={again}><Trans>Try again</Trans></button></p>}
      </div>
    </div>
  );
}

/** Errors of a mutation: what the user can put right. */
export function Problems({ of }: { of: readonly Problem[] }): ReactNode {
  if (!of.length) return null;
  return (
    <div className="note bad" role="alert">
      <Icon name="warning" />
      <div>{of.map((one, index) => <p key={index}>{one.message}</p>)}</div>
    </div>
  );
}

export function Empty({ title, children }: { title: ReactNode; children?: ReactNode }): ReactNode {
  return <div className="empty"><h2>{title}</h2>{children}</div>;
}

export function Loading({ rows = 4 }: { rows?: number }): ReactNode {
  return (
    <div className="stack tight" role="status">
      <span className="hidden-text"><Trans>Loading</Trans></span>
      {Array.from({ length: rows }, (_, index) => <div key={index} className="skeleton" style={{ width: `${90 - index * 9}%` }} />)}
    </div>
  );
}

export function PageHead({ title, below, children }: { title: ReactNode; below?: ReactNode; children?: ReactNode }): ReactNode {
  return (
    <div className="page-head">
      <div className="stack tight">
        <h1>{title}</h1>
        {below && <div className="muted">{below}</div>}
      </div>
      {children && <div className="row">{children}</div>}
    </div>
  );
}

export function Card({ title, side, children, bare }: { title?: ReactNode; side?: ReactNode; children: ReactNode; bare?: boolean }): ReactNode {
  return (
    <section className="card">
      {title && <header><h2>{title}</h2>{side}</header>}
      {bare ? children : <div className="body">{children}</div>}
    </section>
  );
}

export function Figure({ label, children }: { label: ReactNode; children: ReactNode }): ReactNode {
  return <div className="figure"><span>{label}</span><b>{children}</b></div>;
}

export function Field({ label, hint, wrong, children }: { label: ReactNode; hint?: ReactNode; wrong?: string | undefined; children: (ids: { id: string; 'aria-describedby': string; 'aria-invalid': boolean }) => ReactNode }): ReactNode {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, 'aria-describedby': `${id}-about`, 'aria-invalid': Boolean(wrong) })}
      <span id={`${id}-about`}>
        {wrong ? <span className="wrong">{wrong}</span> : hint && <span className="hint">{hint}</span>}
      </span>
    </div>
  );
}

/** The message for one input of a mutation. */
export const wrongIn = (problems: readonly Problem[], name: string): string | undefined =>
  problems.find((one) => one.path?.[0] === name || one.path?.at(-1) === name)?.message;

const GOOD = new Set(['ACTIVE', 'READY', 'SUCCEEDED', 'COMPLETED', 'DELIVERED', 'GRANTED']);
const BAD = new Set(['FAILED', 'DENIED', 'DISABLED']);
const WARN = new Set(['PAUSED', 'CALCULATING', 'RUNNING', 'BUILDING', 'PENDING']);

export function Status({ of }: { of: string }): ReactNode {
  const tone = GOOD.has(of) ? 'good' : BAD.has(of) ? 'bad' : WARN.has(of) ? 'warn' : '';
  return <span className={`badge ${tone}`}>{word(of)}</span>;
}

export function Progress({ value, label }: { value: number | null | undefined; label: string }): ReactNode {
  const share = Math.round((value ?? 0) * 100);
  return (
    <span className="bar" role="progressbar" aria-label={label} aria-valuenow={share} aria-valuemin={0} aria-valuemax={100} style={{ display: 'inline-block', width: '5rem', verticalAlign: 'middle' }}>
      <i style={{ width: `${share}%` }} />
    </span>
  );
}

/** A dialog that is open while its state says so. What was typed into one that `keeps` is not lost by a click beside it. */
export function Ask({ title, children, onClose, wide, keeps }: { title: ReactNode; children: ReactNode; onClose: () => void; wide?: boolean; keeps?: boolean }): ReactNode {
  return (
    <ModalOverlay isOpen isDismissable={!keeps} onOpenChange={(open) => !open && onClose()} className="react-aria-ModalOverlay">
      <Modal className={wide ? 'react-aria-Modal wide' : 'react-aria-Modal'}>
        <Dialog>
          <div className="row apart">
            <Heading slot="title" style={{ margin: 0, fontSize: '1.15rem' }}>{title}</Heading>
            <CloseButton onClick={onClose} />
          </div>
          {children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

export function CloseButton({ onClick }: { onClick: () => void }): ReactNode {
  const { t } = useLingui();
  return <button type="button" className="button plain icon" aria-label={t`Close`} onClick={onClick}><Icon name="close" /></button>;
}

/** A dialog that says what a step does, and does it. */
export function Confirm({ title, action, danger, children, onConfirm, onClose, problems = [] }: {
  title: ReactNode; action: ReactNode; danger?: boolean; children: ReactNode; problems?: readonly Problem[];
  onConfirm: () => Promise<boolean>; onClose: () => void;
}): ReactNode {
  const [busy, setBusy] = useState(false);
  return (
    <Ask title={title} onClose={onClose}>
      <div className="stack tight">{children}</div>
      <Problems of={problems} />
      <div className="ends">
        <button type="button" className="button" onClick={onClose}><Trans>Cancel</Trans></button>
        <button
          type="button" className={`button ${danger ? 'danger' : 'primary'}`} disabled={busy}
          onClick={() => { setBusy(true); void onConfirm().then((done) => { setBusy(false); if (done) onClose(); }); }}
        >
          {action}
        </button>
      </div>
    </Ask>
  );
}

export interface Action {
  key: string;
  label: string;
  danger?: boolean;
  href?: string;
  run?: () => void;
}

export function Actions({ label, actions, icon = 'more', text }: { label: string; actions: readonly Action[]; icon?: IconName; text?: ReactNode }): ReactNode {
  if (actions.length === 0) return null;
  return (
    <MenuTrigger>
      <AriaButton className={text ? 'button' : 'button plain icon'} aria-label={label}><Icon name={icon} />{text}</AriaButton>
      <Popover placement="bottom end">
        <Menu onAction={(key) => actions.find((one) => one.key === key)?.run?.()}>
          {actions.map((one) => (
            <MenuItem key={one.key} id={one.key} className={one.danger ? 'react-aria-MenuItem danger' : 'react-aria-MenuItem'}>{one.label}</MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

/** A button that shows something below it. */
export function Below({ text, icon, label, children }: {
  text: ReactNode; icon?: IconName; label?: string; children: ReactNode | ((close: () => void) => ReactNode);
}): ReactNode {
  return (
    <DialogTrigger>
      <AriaButton className="button">{icon && <Icon name={icon} />}{text}</AriaButton>
      <Popover placement="bottom start">
        <Dialog className="popover-body" aria-label={label ?? (typeof text === 'string' ? text : 'Options')}>{({ close }) => (typeof children === 'function' ? children(close) : children)}</Dialog>
      </Popover>
    </DialogTrigger>
  );
}

export function Tabs({ label, tabs }: { label: string; tabs: readonly { key: string; href: string; text: ReactNode; current: boolean }[] }): ReactNode {
  return (
    <nav className="tabs" aria-label={label}>
      {tabs.map((tab) => <Link key={tab.key} href={tab.href} replace aria-current={tab.current ? 'page' : undefined}>{tab.text}</Link>)}
    </nav>
  );
}

/** A text that counts only once its writer pauses. */
export function useSettled<T>(value: T, milliseconds = 250): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}

export function Search({ label, value, onChange }: { label: string; value: string; onChange: (text: string) => void }): ReactNode {
  const [text, setText] = useState(value);
  const settled = useSettled(text);
  useEffect(() => { if (settled !== value) onChange(settled); }, [settled]); // eslint-disable-line
  return (
    <div className="grow" style={{ maxWidth: '26rem' }}>
      <input type="search" aria-label={label} placeholder={label} value={text} maxLength={200} onChange={(event) => setText(event.target.value)} />
    </div>
  );
}

export function Form({ onSubmit, children, className = 'stack' }: { onSubmit: () => void; children: ReactNode; className?: string }): ReactNode {
  return <form className={className} noValidate onSubmit={(event: FormEvent) => { event.preventDefault(); onSubmit(); }}>{children}</form>;
}

export function Choice<T extends string>({ ids, value, options, onChange, name }: {
  ids?: { id: string }; name?: string; value: T; options: readonly (readonly [T, string])[]; onChange: (value: T) => void;
}): ReactNode {
  return (
    <select {...ids} aria-label={name} value={value} onChange={(event) => onChange(event.target.value as T)}>
      {options.map(([key, text]) => <option key={key} value={key}>{text}</option>)}
    </select>
  );
}

/** Check boxes of which any may be chosen. */
export function Several<T extends string>({ legend, values, options, onChange }: {
  legend: ReactNode; values: readonly string[]; options: readonly T[]; onChange: (values: T[]) => void;
}): ReactNode {
  return (
    <fieldset style={{ border: 0, margin: 0, padding: 0 }}>
      <legend className="label">{legend}</legend>
      <div className="row">
        {options.map((one) => (
          <label key={one} className="check small">
            <input type="checkbox" checked={values.includes(one)} onChange={(event) => onChange(options.filter((other) => (other === one ? event.target.checked : values.includes(other))))} />
            {word(one)}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
