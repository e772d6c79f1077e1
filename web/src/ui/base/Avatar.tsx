// The picture of a user or a group, or initials on a colour that stays the same for the same one. A picture of another host
// is shown where that is allowed.

import { type CSSProperties, memo, useState } from "react";

import { initials, seedColour } from "./initials";
import { pictureAddress } from "./address";
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

/** An ornament: the name always stands beside it. */
export const Avatar = memo(function Avatar({ name, address, seed, size = 48, chat = null }: AvatarProps) {
  const [broken, setBroken] = useState<string | null>(null);
  const picture = pictureAddress(address);
  const verdict = useVerdict(picture, chat);
  const style = { width: size, height: size, fontSize: Math.round(size * 0.38) };
  if (picture !== null && (verdict === "own" || verdict === "allowed") && broken !== picture) {
    return (
      <img
        className="avatar"
        style={style}
        src={picture}
        alt=""
        loading="lazy"
        decoding="async"
        referrerPolicy="no-referrer"
        draggable={false}
        onError={() => setBroken(picture)}
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
