import { Component, type ReactNode } from 'react';
import { Problem } from './problem.js';

/**
 * Keeps what is around a page there when the page itself cannot be shown: its files could not be loaded, or it has a fault.
 * Give it the address as `key`, so that another page is tried anew.
 */
export class Boundary extends Component<{ children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === undefined) return this.props.children;
    return (
      <Problem
        error={new Error('This page could not be shown. The console does not answer, or was updated meanwhile.')}
        retry={() => window.location.reload()}
      />
    );
  }
}
