// The picture of a user or a group, or initials on a colour that stays the same for the same one.

import { memo, useState } from "react";

import { initials, seedColour } from "./initials";
import { pictureAddress } from "./address";
import "./Avatar.css";

export interface AvatarProps {
  readonly name: string;
  readonly address: string;
  readonly seed: number;
  readonly size?: number;
}

/** An ornament: the name always stands beside it. */
export const Avatar = memo(function Avatar({ name, address, seed, size = 48 }: AvatarProps) {
  const [broken, setBroken] = useState<string | null>(null);
  const picture = pictureAddress(address);
  const style = { width: size, height: size, fontSize: Math.round(size * 0.38) };
  if (picture !== null && broken !== picture) {
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
