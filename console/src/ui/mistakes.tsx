import { Trans } from '@lingui/react/macro';
import { Component, type ReactNode } from 'react';

/** What a page that broke shows: the rest of the console goes on. */
export class Mistakes extends Component<{ children: ReactNode }, { problem: Error | null }> {
  override state = { problem: null as Error | null };

  static getDerivedStateFromError(problem: Error): { problem: Error } {
    return { problem };
  }

  override render(): ReactNode {
    const { problem } = this.state;
    if (!problem) return this.props.children;
    return (
      <div className="note bad" role="alert">
        <div>
          <p><Trans>This page broke: {problem.message}</Trans></p>
          <p><button type="button" className="button small" onClick={() => location.reload()}><Trans>Load it again</Trans></button></p>
        </div>
      </div>
    );
  }
}
