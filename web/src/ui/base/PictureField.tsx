// A picture of somebody or of a group, and the ways to change it.

import { type ReactNode, useRef, useState } from "react";

import { useDo } from "./actions";
import { Fault } from "./Boundary";
import { chunk } from "./chunk";
import { useEngine, useTranslator } from "./context";
import { Dialog } from "./Dialog";
import type { Outcome } from "../../engine/contract";
import "./PictureField.css";

const CropDialog = chunk(
  () => import("./CropDialog").then(({ CropDialog }) => CropDialog),
  null,
  (retry, { onClose }) => (
    <Dialog title="" onClose={onClose}>
      <Fault onRetry={retry} />
    </Dialog>
  ),
);

export interface PictureFieldProps {
  /** The picture as it is. */
  readonly children: ReactNode;
  readonly label: string;
  /** Sets the address of the new picture; empty takes it away. */
  readonly onAddress: (address: string) => Promise<Outcome>;
  readonly removable: boolean;
}

export function PictureField({ children, label, onAddress, removable }: PictureFieldProps) {
  const { t } = useTranslator();
  const engine = useEngine();
  const run = useDo();
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File | null>(null);
  const [busy, setBusy] = useState(false);

  const use = async (picture: Blob): Promise<void> => {
    setFile(null);
    setBusy(true);
    await run(async () => {
      const uploaded = await engine.uploadAvatar(picture);
      return uploaded.ok ? onAddress(uploaded.value) : uploaded;
    });
    setBusy(false);
  };

  return (
    <div className="picture">
      <span className="picture__frame" aria-busy={busy}>
        {children}
        {busy && <span className="spinner picture__busy" aria-hidden="true" />}
      </span>
      <div className="picture__buttons">
        <button
          type="button"
          className="button button--small button--outline"
          disabled={busy}
          onClick={() => input.current?.click()}
        >
          {label}
        </button>
        {removable && (
          <button
            type="button"
            className="button button--small button--danger-quiet"
            disabled={busy}
            onClick={() => void run(() => onAddress(""))}
          >
            {t("settings.removePicture")}
          </button>
        )}
      </div>
      <input
        ref={input}
        type="file"
        accept="image/*"
        hidden
        aria-label={label}
        onChange={(event) => {
          setFile(event.target.files?.[0] ?? null);
          // So that the same file can be chosen again.
          event.target.value = "";
        }}
      />
      {file !== null && (
        <CropDialog file={file} onClose={() => setFile(null)} onPicture={(picture) => void use(picture)} />
      )}
    </div>
  );
}
