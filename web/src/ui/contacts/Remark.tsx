// The name that one has for a friend, beside the one that everybody has.

import { type ReactNode, useState } from "react";

import type { User } from "../../engine/contract";
import { useTranslator } from "../base/context";
import { dialogChunk } from "../base/dialogChunk";
import { Icon } from "../base/Icon";
import { Words } from "../base/words";

const RemarkDialog = dialogChunk(() => import("./RemarkDialog").then(({ RemarkDialog }) => RemarkDialog));

/** What everybody else calls somebody, where one calls them otherwise. */
export function RealName({ user }: { user: User }) {
  const { t } = useTranslator();
  if (user.realName === undefined) return null;
  return (
    <p className="real-name">
      <Words text={t("remark.real", { name: user.realName })} />
    </p>
  );
}

/** The name of a friend, with a button that changes it. */
export function RemarkableName({ user, children }: { user: User; children: ReactNode }) {
  const { t } = useTranslator();
  const [asking, setAsking] = useState(false);
  const label = t(user.realName === undefined ? "remark.set" : "remark.change");
  return (
    <>
      <div className="remarkable">
        {children}
        <button type="button" className="icon-button remarkable__edit" aria-label={label} title={label} onClick={() => setAsking(true)}>
          <Icon name="edit" size={19} />
        </button>
      </div>
      {asking && <RemarkDialog user={user} onClose={() => setAsking(false)} />}
    </>
  );
}
