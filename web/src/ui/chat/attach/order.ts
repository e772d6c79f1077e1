// Puts what stands in a list into another order, by dragging: with a mouse at once, with a finger after it has rested for a
// moment, so that the list can still be scrolled.

import { type PointerEvent, type RefObject, useEffect, useRef, useState } from "react";

const REST_MS = 280;
const FAR_PX = 6;

interface Press {
  readonly id: number;
  readonly x: number;
  readonly y: number;
  /** Until a finger has rested. */
  readonly timer: ReturnType<typeof setTimeout> | null;
  taken: boolean;
}

export interface Dragging {
  /** What is being dragged. */
  readonly dragged: number | null;
  /** For the element of each: `data-id` says which it is. */
  onPointerDown(event: PointerEvent<HTMLElement>): void;
}

/** `put` is told that the one belongs where the other is. */
export function useDragging(list: RefObject<HTMLElement | null>, put: (id: number, over: number) => void): Dragging {
  const [dragged, setDragged] = useState<number | null>(null);
  const press = useRef<Press | null>(null);
  const latest = useRef(put);
  useEffect(() => {
    latest.current = put;
  });

  useEffect(() => {
    const end = (): void => {
      clearTimeout(press.current?.timer ?? undefined);
      press.current = null;
      setDragged(null);
    };
    const move = (event: globalThis.PointerEvent): void => {
      const began = press.current;
      if (began === null) return;
      if (!began.taken) {
        if (Math.hypot(event.clientX - began.x, event.clientY - began.y) < FAR_PX) return;
        // A finger that moves before it has rested scrolls.
        if (began.timer !== null) {
          end();
          return;
        }
        began.taken = true;
        setDragged(began.id);
      }
      const over = document.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>("[data-id]");
      if (over === undefined || over === null || list.current?.contains(over) !== true) return;
      const id = Number(over.dataset["id"]);
      if (id !== began.id) latest.current(began.id, id);
    };
    const touch = (event: TouchEvent): void => {
      if (press.current?.taken === true) event.preventDefault();
    };
    const element = list.current;
    addEventListener("pointermove", move);
    addEventListener("pointerup", end);
    addEventListener("pointercancel", end);
    element?.addEventListener("touchmove", touch, { passive: false });
    return () => {
      end();
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", end);
      removeEventListener("pointercancel", end);
      element?.removeEventListener("touchmove", touch);
    };
  }, [list]);

  return {
    dragged,
    onPointerDown({ button, clientX: x, clientY: y, pointerType, currentTarget }) {
      const id = Number(currentTarget.dataset["id"]);
      if (button !== 0 || press.current !== null) return;
      const rested = (): void => {
        if (press.current?.id === id) press.current.taken = true;
        setDragged(id);
      };
      press.current = { id, x, y, timer: pointerType === "mouse" ? null : setTimeout(rested, REST_MS), taken: false };
    },
  };
}
