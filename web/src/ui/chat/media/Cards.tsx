// Places, people, and what other applications say.

import { type ReactNode, useContext } from "react";

import { plainly } from "../../../i18n/direction";
import { useDo } from "../../base/actions";
import { Avatar } from "../../base/Avatar";
import { useEngine, useTranslator } from "../../base/context";
import { Icon, type IconName } from "../../base/Icon";
import { ChatContext } from "../../base/remote";
import { navigate } from "../../base/router";
import { Words } from "../../base/words";
import type { Content } from "../content";

function Card({ icon, title, note, children }: { icon: IconName; title: string; note?: string; children?: ReactNode }) {
  return (
    <div className="card">
      <span className="card__icon">
        <Icon name={icon} size={24} />
      </span>
      <div className="card__text">
        <p className="card__title">
          <Words text={title} />
        </p>
        {note !== undefined && note !== "" && (
          <p className="card__note">
            <Words text={note} />
          </p>
        )}
        {children}
      </div>
    </div>
  );
}

export function LocationCard({ content }: { content: Content & { is: "location" } }) {
  const { t } = useTranslator();
  const { latitude, longitude } = content;
  const coordinates = `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
  const title = content.name === "" ? t("message.location") : content.name;
  return (
    <Card icon="pin" title={title} note={content.address === "" ? coordinates : content.address}>
      <a
        className="card__link"
        href={`https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`}
        target="_blank"
        rel="noopener noreferrer nofollow"
      >
        {t("message.openMap")}
      </a>
    </Card>
  );
}

export function PersonCard({ content }: { content: Content & { is: "card" } }) {
  const { t } = useTranslator();
  const chat = useContext(ChatContext);
  const engine = useEngine();
  const run = useDo();
  const name = content.name === "" ? t("chat.someone") : content.name;
  const write = async (): Promise<void> => {
    const outcome = await run(() => engine.openSingle(content.uid));
    if (outcome?.ok === true) navigate({ page: "chat", gid: outcome.value, panel: false });
  };
  return (
    <div className="card">
      <Avatar name={name} address={content.avatar} seed={content.uid} size={44} chat={chat} />
      <div className="card__text">
        <p className="card__title">
          <Words text={name} />
        </p>
        <p className="card__note">{t("message.card")}</p>
        {engine.relation(content.uid) !== "self" && (
          <button type="button" className="card__link" onClick={() => void write()}>
            {t("message.writeTo")}
          </button>
        )}
      </div>
    </div>
  );
}

export function CustomCard({ source }: { source: string }) {
  const { t } = useTranslator();
  return (
    <Card icon="puzzle" title={t("message.custom")}>
      <code className="card__source">{plainly(source.slice(0, 400))}</code>
    </Card>
  );
}
