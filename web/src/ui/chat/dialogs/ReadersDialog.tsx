// Who has read a message: how many of those who were there when it was sent, and of a small group their names.

import { useCallback } from "react";

import type { Message } from "../../../engine/contract";
import { Answer, useAsked } from "../../base/asked";
import { Avatar } from "../../base/Avatar";
import { useEngine, useTranslator } from "../../base/context";
import { Dialog } from "../../base/Dialog";
import { Words } from "../../base/words";
import { useOpenPerson } from "../../contacts/person";
import "./dialogs.css";

export function ReadersDialog({ message: { gid, key }, onClose }: { message: Message; onClose: () => void }) {
  const engine = useEngine();
  const { t } = useTranslator();
  const open = useOpenPerson();
  const asked = useAsked(useCallback(() => engine.readers(gid, key), [engine, gid, key]));
  return (
    <Dialog title={t("readers.title")} onClose={onClose}>
      <Answer asked={asked}>
        {({ read, of, users, more }) => (
          <>
            <p className="readers__count" role="status">
              {t("readers.count", { read, of })}
            </p>
            {users === null && <p>{t("readers.large")}</p>}
            {more && <p>{t("readers.more")}</p>}
            <ul className="plain people-list">
              {(users ?? []).map((user) => (
                <li key={user.id}>
                  <button type="button" className="people-list__one" onClick={() => open(user)}>
                    <Avatar name={user.name} address={user.avatar} seed={user.id} size={36} />
                    <span className="ellipsis">
                      <Words text={user.name} />
                    </span>
                  </button>
                </li>
              ))}
            </ul>
          </>
        )}
      </Answer>
    </Dialog>
  );
}
