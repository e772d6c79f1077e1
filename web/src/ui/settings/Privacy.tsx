// What this browser may load from other sites, which learn by it who looks at what and when.

import { useEffect } from "react";

import { useEngine, useLive, useTranslator } from "../base/context";
import { gidOf, useAllowed, useForbidden, useRemote } from "../base/remote";
import { Words } from "../base/words";
import { Block, Choice } from "./parts";

export function Privacy() {
  const { t } = useTranslator();
  const engine = useEngine();
  const remote = useRemote();
  const forbidden = useForbidden();
  const { everything, hosts, chats, pictures } = useAllowed();
  const rows = useLive(engine.chats);
  useEffect(() => remote.ask(engine), [remote, engine]);

  const titleOf = (chat: string): string => rows.find(({ gid }) => gid === gidOf(chat))?.title || t("chats.untitled");
  return (
    <>
      <Block title={forbidden === true ? t("settings.remote") : undefined}>
        {forbidden === true ? (
          <p>{t("settings.remoteForbidden")}</p>
        ) : (
          <Choice
            name={t("settings.remote")}
            value={everything ? "load" : "ask"}
            choices={[
              { value: "ask", label: t("settings.remoteAsk") },
              { value: "load", label: t("settings.remoteLoad") },
            ]}
            onValue={(value) => remote.allowEverything(value === "load")}
          />
        )}
        <p className="settings__about">{t("settings.remoteText")}</p>
      </Block>
      {forbidden !== true && !everything && (
        <Block title={t("settings.remoteAllowed")}>
          {hosts.length + chats.length + pictures.length === 0 ? (
            <p className="settings__about">{t("settings.remoteNothing")}</p>
          ) : (
            <ul className="plain">
              {[...hosts].reverse().map((host) => (
                <Exception
                  key={`host ${host}`}
                  name={host}
                  note={t("settings.remoteHost")}
                  onForget={() => remote.disallow("hosts", host)}
                />
              ))}
              {[...chats].reverse().map((chat) => (
                <Exception
                  key={`chat ${chat}`}
                  name={titleOf(chat)}
                  note={t("settings.remoteChat")}
                  onForget={() => remote.disallow("chats", chat)}
                />
              ))}
              {pictures.length > 0 && (
                <Exception
                  name={t("settings.remotePictures", { count: pictures.length })}
                  note={t("settings.remotePicturesNote")}
                  onForget={() => remote.disallowPictures()}
                />
              )}
            </ul>
          )}
        </Block>
      )}
    </>
  );
}

function Exception({ name, note, onForget }: { name: string; note: string; onForget: () => void }) {
  const { t } = useTranslator();
  return (
    <li className="device">
      <div className="device__text">
        <p className="device__name">
          <Words text={name} />
        </p>
        <p className="device__note">{note}</p>
      </div>
      <button
        type="button"
        className="button button--small button--danger-quiet"
        aria-label={t("settings.remoteForgetLabel", { name })}
        onClick={onForget}
      >
        {t("settings.remoteForget")}
      </button>
    </li>
  );
}
