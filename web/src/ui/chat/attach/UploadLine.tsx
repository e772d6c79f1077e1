// Below a message whose file is on its way: how far it is, and the way to stop it.

import { useMemo } from "react";

import type { Message } from "../../../engine/contract";
import { useEngine, useLive, useTranslator } from "../../base/context";
import { Icon } from "../../base/Icon";
import "./UploadLine.css";

export function UploadLine({ message: { gid, key } }: { message: Message }) {
  const engine = useEngine();
  const translator = useTranslator();
  const { t, bytes } = translator;
  const upload = useLive(useMemo(() => engine.upload(gid, key), [engine, gid, key]));
  if (upload === null) return null;
  const { is, sentBytes, sizeBytes } = upload;
  return (
    <div className="upload">
      <progress className="upload__bar" max={Math.max(1, sizeBytes)} value={sentBytes} aria-label={t("upload.label")} />
      <span className="upload__words">
        {is === "running" ? t("upload.sent", { sent: bytes(sentBytes), size: bytes(sizeBytes) }) : t(`upload.${is}`)}
      </span>
      <button type="button" className="icon-button upload__stop" aria-label={t("upload.stop")} title={t("upload.stop")} onClick={() => engine.recall(gid, key)}>
        <Icon name="close" size={16} />
      </button>
    </div>
  );
}
