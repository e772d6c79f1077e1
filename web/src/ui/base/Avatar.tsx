// The picture of a user or a group, or initials on a colour that stays the same for the same one. A picture of another host
// is shown where that is allowed.

import { type CSSProperties, memo, useState } from "react";

import { initials, seedColour } from "./initials";
import { pictureAddress } from "./address";
import { useEngine } from "./context";
import { useVerdict } from "./remote";
import "./Avatar.css";

export interface AvatarProps {
  readonly name: string;
  readonly address: string;
  readonly seed: number;
  readonly size?: number;
  /** The chat in whose message the address was written: what is allowed there is allowed for it. */
  readonly chat?: string | null;
}

/** As people choose it, and as the server tells it, with the smaller picture that it has made. */
const FILE = /\/media\/files\/[\w-]+$/;
const OF_FILES = /\/media\/files\//;

/** An ornament: the name always stands beside it. */
export const Avatar = memo(function Avatar({ name, address, seed, size = 48, chat = null }: AvatarProps) {
  const engine = useEngine();
  const [broken, setBroken] = useState<readonly string[]>([]);
  const [again, setAgain] = useState(false);
  const picture = pictureAddress(address);
  // Of a file a smaller picture will do, where it has one.
  const src = picture === null ? undefined : [FILE.test(picture) ? `${picture}/320` : picture, picture].find((each) => !broken.includes(each));
  const verdict = useVerdict(picture, chat);
  const style = { width: size, height: size, fontSize: Math.round(size * 0.38) };
  if (src !== undefined && (verdict === "own" || verdict === "allowed")) {
    return (
      <img
        key={Number(again)}
        className="avatar"
        style={style}
        src={src}
        alt=""
        loading="lazy"
        decoding="async"
        referrerPolicy="no-referrer"
        draggable={false}
        onError={() => {
          const give = (): void => setBroken([...broken, src]);
          // Who asks for a file is known by a cookie, which may have gone.
          if (again || !OF_FILES.test(src)) give();
          else void engine.reopenFiles().then((is) => (is ? setAgain(true) : give()));
        }}
      />
    );
  }
  return (
    <span className={`avatar avatar--${seedColour(seed)}`} style={style} aria-hidden="true">
      {initials(name)}
    </span>
  );
});

/** An avatar with a dot while somebody is online. An ornament, too: `online` has to be said in words beside it. */
export function Face({ online, ...avatar }: AvatarProps & { readonly online: boolean }) {
  const style = { "--face": `${avatar.size ?? 48}px` } as CSSProperties;
  return (
    <span className={online ? "face face--online" : "face"} style={style}>
      <Avatar {...avatar} />
    </span>
  );
}
