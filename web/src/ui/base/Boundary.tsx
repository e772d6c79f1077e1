// A fault of one part stays in it: the rest of the page goes on, and there is a way on from it.

import { Component, type ReactNode, use } from "react";

import { createTranslator, preferredLanguage } from "../../i18n/translator";
import { TranslatorContext } from "./context";
import { Icon } from "./Icon";

export interface BoundaryProps {
  /** What is shown in it, as far as another one deserves another try: the message, the route. */
  readonly of?: unknown;
  /** In place of what failed. */
  readonly fallback?: ((retry: () => void) => ReactNode) | undefined;
  readonly children: ReactNode;
}

interface State {
  readonly failed: boolean;
  readonly of: unknown;
}

export class Boundary extends Component<BoundaryProps, State> {
  override state: State = { failed: false, of: this.props.of };

  static getDerivedStateFromError(): Partial<State> {
    return { failed: true };
  }

  static getDerivedStateFromProps({ of }: BoundaryProps, state: State): State | null {
    return Object.is(of, state.of) ? null : { failed: false, of };
  }

  private readonly retry = (): void => this.setState({ failed: false });

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return this.props.fallback === undefined ? <Fault onRetry={this.retry} /> : this.props.fallback(this.retry);
  }
}

/** Says that something is not there, and what can be done. Needs nothing that could be at fault itself. */
export function Fault({ onRetry }: { onRetry: () => void }) {
  const { t } = use(TranslatorContext) ?? createTranslator(preferredLanguage(navigator.languages));
  return (
    <div className="fault" role="alert">
      <Icon name="alert" size={26} />
      <p>{t("fault.part")}</p>
      <p className="fault__actions">
        <button type="button" className="button button--small" onClick={onRetry}>
          {t("action.retry")}
        </button>
        <button type="button" className="button button--small button--quiet" onClick={() => location.reload()}>
          {t("fault.reload")}
        </button>
      </p>
    </div>
  );
}
