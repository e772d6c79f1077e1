// What the server has found at the addresses in a message: a title, some words, a picture that it keeps itself.

import type { LinkCard } from "../../../engine/contract";
import { linkAddress } from "../../base/address";
import { useEngine } from "../../base/context";
import { Words } from "../../base/words";
import { useTries } from "./source";

export function Links({ links }: { links: readonly LinkCard[] }) {
  return links.map((link) => <Card key={link.url} link={link} />);
}

function Card({ link: { url, title, text, picture } }: { link: LinkCard }) {
  const address = linkAddress(url);
  if (address === null) return null;
  return (
    <a className="link-card" href={address} target="_blank" rel="noopener noreferrer nofollow">
      <span className="link-card__text">
        <span className="link-card__host ellipsis">{new URL(address).host}</span>
        {title !== "" && (
          <span className="link-card__title">
            <Words text={title} />
          </span>
        )}
        {text !== "" && (
          <span className="link-card__words">
            <Words text={text} />
          </span>
        )}
      </span>
      {picture !== null && <Picture file={picture} />}
    </a>
  );
}

function Picture({ file }: { file: string }) {
  const engine = useEngine();
  const { attempt, failed, onError } = useTries();
  if (failed) return null;
  return <img key={attempt} className="link-card__picture" src={engine.fileUrl(file)} alt="" loading="lazy" decoding="async" draggable={false} onError={onError} />;
}
