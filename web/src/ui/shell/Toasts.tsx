import { useLayoutEffect, useRef } from "react";

import { useTranslator } from "../base/context";
import { Icon } from "../base/Icon";
import { dismissToast, useToasts } from "../base/toasts";
import "./Toasts.css";

export function Toasts() {
  const toasts = useToasts();
  const { t } = useTranslator();
  const ref = useRef<HTMLDivElement>(null);
  // A dialog lies over everything but what came above it later.
  useLayoutEffect(() => {
    if (toasts.length === 0) return;
    ref.current?.hidePopover();
    ref.current?.showPopover();
  }, [toasts]);
  return (
    <div ref={ref} popover="manual" className="toasts" role="status" aria-live="polite">
      {toasts.map((toast) => (
        <div key={toast.id} className={`toast toast--${toast.kind}`}>
          <Icon name={toast.kind === "problem" ? "alert" : "check"} size={20} />
          <p className="toast__text">{toast.text}</p>
          <button
            type="button"
            className="toast__close"
            aria-label={t("action.close")}
            onClick={() => dismissToast(toast.id)}
          >
            <Icon name="close" size={16} />
          </button>
        </div>
      ))}
    </div>
  );
}
