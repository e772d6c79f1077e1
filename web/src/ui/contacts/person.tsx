// Somebody's card: who they are, and what one can do with them. `useOpenPerson()` opens it from wherever a person is seen,
// and `PersonName` and `PersonFace` are what one clicks.

import { createContext, type ReactNode, useCallback, useContext, useState } from "react";

import type { User } from "../../engine/contract";
import { dialogChunk } from "../base/dialogChunk";
import { useRoute } from "../base/router";
import { Words } from "../base/words";
import "./person.css";

const PersonCard = dialogChunk(() => import("./PersonCard").then(({ PersonCard }) => PersonCard));

/** By id where no more is known; what the engine knows of them is shown. */
type OpenPerson = (who: User | number) => void;

const PersonContext = createContext<OpenPerson>(() => undefined);

export function useOpenPerson(): OpenPerson {
  return useContext(PersonContext);
}

export function PersonSurroundings({ children }: { children: ReactNode }) {
  const [who, setWho] = useState<User | number | null>(null);
  const close = useCallback(() => setWho(null), []);
  // Whoever goes somewhere else, by "back" as well, has done with the card.
  const route = useRoute();
  const [opened, setOpened] = useState(route);
  if (route !== opened) {
    setOpened(route);
    setWho(null);
  }
  return (
    <PersonContext value={setWho}>
      {children}
      {who !== null && <PersonCard who={who} onClose={close} />}
    </PersonContext>
  );
}

/** The name of somebody, as a button that opens their card. */
export function PersonName({ who }: { who: User }) {
  const open = useOpenPerson();
  return (
    <button type="button" className="person-name" onClick={() => open(who)}>
      <Words text={who.name} />
    </button>
  );
}

/** A face that opens the card, for the hand: the name beside it does the same for keys and ears. */
export function PersonFace({ who, children }: { who: User | number; children: ReactNode }) {
  const open = useOpenPerson();
  return (
    <span className="person-face" onClick={() => open(who)}>
      {children}
    </span>
  );
}
