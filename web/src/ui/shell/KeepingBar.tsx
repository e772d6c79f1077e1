// Says why nothing is kept over a reload, and what helps.

import type { Keeping } from "../../engine/contract";
import { useTranslator } from "../base/context";
import { Icon } from "../base/Icon";
import "./ConnectionBanner.css";

export interface KeepingBarProps {
  readonly keeping: Exclude<Keeping, "lasting">;
  readonly onClose: () => void;
}

export function KeepingBar({ keeping, onClose }: KeepingBarProps) {
  const { t } = useTranslator();
  return (
    <div className="connection__bar connection__bar--offline">
      <Icon name="alert" size={18} />
      <span>{t(`keeping.${keeping}`)}</span>
      <button type="button" className="button button--small button--quiet" onClick={() => location.reload()}>
        {t("action.reload")}
      </button>
      <button type="button" className="button button--small button--quiet" onClick={onClose}>
        {t("action.close")}
      </button>
    </div>
  );
}
