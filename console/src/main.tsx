import './style.css';

import { i18n } from '@lingui/core';
import { I18nProvider } from '@lingui/react';
import { createRoot } from 'react-dom/client';
import { I18nProvider as AriaLocale } from 'react-aria-components';
import { useLingui } from '@lingui/react';
import { Router } from 'wouter';
import type { ReactNode } from 'react';

import { App } from './app';
import { activate, firstLocale } from './i18n';
import { takeToken } from './session';
import { applyTheme } from './theme';

function Languages({ children }: { children: ReactNode }): ReactNode {
  const { i18n: now } = useLingui();
  return <AriaLocale locale={now.locale}>{children}</AriaLocale>;
}

takeToken();
applyTheme();
void activate(firstLocale()).then(() => {
  const root = document.getElementById('root');
  if (!root) return;
  createRoot(root).render(
    <I18nProvider i18n={i18n}>
      <Languages>
        <Router base={new URL(document.baseURI).pathname.replace(/\/$/, '')}>
          <App />
        </Router>
      </Languages>
    </I18nProvider>,
  );
});
