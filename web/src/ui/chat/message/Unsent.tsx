// Why a message was not sent, and what can be done.

import { useTranslator } from "../../base/context";
import { Icon } from "../../base/Icon";
import { refusalText } from "../../base/problems";

export interface UnsentProps {
  readonly reason: string;
  readonly onResend: () => void;
  readonly onDiscard: () => void;
}

export function Unsent({ reason, onResend, onDiscard }: UnsentProps) {
  const translator = useTranslator();
  const { t } = translator;
  return (
    <p className="message__failed">
      <Icon name="alert" size={16} />
      <span>{reason === "" ? t("message.failed") : t("message.failedWhy", { reason: refusalText(translator, reason) })}</span>
      <button type="button" className="message__act" onClick={onResend}>
        {t("message.resend")}
      </button>
      <button type="button" className="message__act" onClick={onDiscard}>
        {t("message.discard")}
      </button>
    </p>
  );
}
