// What is about to be sent: looked at, put in order, with a few words, before it goes. The words are the draft of the chat: who
// has begun to write finds them here, and who sends nothing has them still.

import { type ChangeEvent, type KeyboardEvent, type ReactNode, type RefObject, useCallback, useEffect, useId, useLayoutEffect, useRef, useState } from "react";

import type { ChatView, Extras } from "../../../engine/contract";
import { giveBackAddress, lendAddress } from "../../base/blobs";
import { COARSE, useEngine, useLive, useMedia, useTranslator } from "../../base/context";
import { Dialog } from "../../base/Dialog";
import { FormError } from "../../base/fields";
import { Icon } from "../../base/Icon";
import { isKey, whichKey } from "../../base/keys";
import { byteLength } from "../../base/text";
import { Words } from "../../base/words";
import { useDesk } from "../desk";
import { clockTime } from "../media/clock";
import { useMentions } from "../writing/mentioning";
import { useNameable } from "../writing/nameable";
import { caretIn, typeInto, usePicking } from "../writing/picking";
import { hasLocation } from "./location";
import { look, type Looked } from "./looking";
import { useDragging } from "./order";
import { ready } from "./readying";
import { batchesOf, moved } from "./tray";
import "./AttachDialog.css";

/** So many at once can still be overlooked. */
const MOST = 100;
/** A list of people over the caption. */
const HIGHEST_PX = 320;
/** What the server takes. */
const MOST_CAPTION_BYTES = 4096;

interface Piece {
  readonly id: number;
  readonly file: File;
  /** Where the page finds it. */
  readonly url: string;
  readonly looking: Promise<Looked>;
  /** Null while it is being looked at. */
  readonly looked: Looked | null;
  /** Where the page finds what stands for a film. */
  readonly poster: string | null;
}

const ICONS = { picture: "image", film: "film", sound: "sound", file: "file" } as const;

export function AttachDialog({ view, onClose }: { view: ChatView; onClose: () => void }) {
  const engine = useEngine();
  const desk = useDesk();
  const translator = useTranslator();
  const { t } = translator;
  const glass = useMedia(COARSE);
  const { pieces, refused, add, remove, put } = usePieces();
  const { caption, isTooLong, field, picker, said } = useCaption(view);
  const [asFile, setAsFile] = useState(false);
  const [smaller, setSmaller] = useState(false);
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const open = useRef(true);

  useEffect(() => {
    open.current = true;
    return () => {
      open.current = false;
    };
  }, []);
  // What comes while it is open comes to the rest.
  const came = useLive(desk.attaching);
  useEffect(() => {
    const files = desk.attaching.get() ?? [];
    if (files.length === 0) return;
    desk.attaching.set([]);
    add(files);
  }, [came, desk, add]);

  // Also what this browser cannot show: another can.
  const some = pieces.some(({ file, looked }) => looked !== null && (looked.what !== "sound" && (looked.what !== "file" || /^(image|video)\//.test(file.type))));
  const pictures = pieces.some(({ looked }) => looked?.what === "picture" && looked.form !== "gif");

  const send = async (): Promise<void> => {
    if (busy || isTooLong || pieces.length === 0) return;
    setBusy(true);
    const how = { asFile, smaller: smaller && !asFile };
    const items = await Promise.all(pieces.map(async ({ file, looking }) => ready(file, await looking, how))).catch(() => null);
    // It was closed meanwhile: that is a no.
    if (!open.current) return;
    const [first, ...rest] = items ?? [];
    if (first === undefined) {
      // Which of them cannot be read is said above.
      setBusy(false);
      return;
    }
    if (desk.view.newer !== "none") engine.toNewest(desk.gid);
    let extras: Extras = { replyTo: desk.view.draftReply, ...said() };
    for (const { items: batch, album } of batchesOf([{ ...first, caption: caption.trim() }, ...rest])) {
      engine.attach(desk.gid, batch, { to: desk.view.to, album, ...extras });
      extras = {};
    }
    field.sent();
    onClose();
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (field.press(event)) return;
    // On glass Enter begins a line, as in the composer.
    if (!isKey(event.nativeEvent, "send") || (glass && !event.ctrlKey && !event.metaKey)) return;
    event.preventDefault();
    void send();
  };
  const bytes = pieces.reduce((sum, { file }) => sum + file.size, 0);
  return (
    <Dialog
      title={t("attach.heading", { title: view.title })}
      className="dialog--wide dialog--sheet"
      onClose={onClose}
      onSubmit={() => void send()}
      actions={
        <>
          <span className="attach__total">{t("attach.total", { count: pieces.length, size: translator.bytes(bytes) })}</span>
          <button type="button" className="button" onClick={onClose}>
            {t("action.cancel")}
          </button>
          <button type="submit" className="button button--main" disabled={busy || isTooLong || (pieces.length === 0 && refused !== null)} data-begin={glass ? "" : undefined}>
            {busy && <span className="spinner" aria-hidden="true" />}
            {t("composer.send")}
          </button>
        </>
      }
    >
      <FormError text={refused} />
      <Tray pieces={pieces} asFile={asFile} onRemove={(id) => (pieces.length > 1 ? remove(id) : onClose())} onPut={put} onMore={() => input.current?.click()} />
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={t("attach.more")}
        onChange={(event) => {
          add([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
      <div className="attach__words">
        {picker}
        <textarea
          {...field.props}
          className="attach__caption"
          rows={2}
          dir="auto"
          placeholder={t("attach.caption")}
          aria-label={t("attach.caption")}
          aria-invalid={isTooLong}
          enterKeyHint={glass ? "enter" : "send"}
          data-begin={glass ? undefined : ""}
          onKeyDown={onKeyDown}
        />
      </div>
      {isTooLong && (
        <p className="field__error" role="alert">
          {t("attach.captionLong")}
        </p>
      )}
      {some && (
        <div className="attach__ways">
          {pictures && (
            <Way is={smaller && !asFile} onChange={setSmaller} disabled={asFile} label={t("attach.smaller")} note={t("attach.smallerNote")} />
          )}
          <Way is={asFile} onChange={setAsFile} label={t("attach.asFile")} note={t("attach.asFileNote")} />
          {asFile && <Located files={pieces.map(({ file }) => file)} />}
        </div>
      )}
    </Dialog>
  );
}

/** What is written below them, and whom it mentions. */
function useCaption(view: ChatView) {
  const engine = useEngine();
  const desk = useDesk();
  const nameable = useNameable(view);
  const area = useRef<HTMLTextAreaElement>(null);
  const [begun] = useState(() => {
    const draft = desk.writer?.draft();
    // What is longer than a caption is a message of its own.
    return draft === undefined || byteLength(draft.text) > MOST_CAPTION_BYTES ? null : draft;
  });
  const [caption, setCaption] = useState(begun?.text ?? "");
  const mentions = useMentions(caption, nameable, null, begun?.places);
  const change = useCallback(
    (next: string): void => {
      mentions.changed(next);
      setCaption(next);
      if (begun !== null) desk.writer?.redraft(next, false);
      if (next !== "") engine.typing(desk.gid);
    },
    [mentions, begun, desk, engine],
  );
  const insert = useCallback(
    (what: string): void => {
      if (area.current !== null) typeInto(area.current, what, change);
    },
    [change],
  );
  const picking = usePicking({ gid: desk.gid, nameable, text: caption, mentions, area, insert });
  useLayoutEffect(() => area.current?.setSelectionRange(area.current.value.length, area.current.value.length), []);
  return {
    caption,
    isTooLong: caption.length * 3 > MOST_CAPTION_BYTES && byteLength(caption) > MOST_CAPTION_BYTES,
    picker: picking.list && <Above of={area}>{picking.list}</Above>,
    /** Beside the caption. */
    said(): Extras {
      const { uids, all } = mentions.meant();
      return { ...(uids.length > 0 && { mentions: uids }), ...(all && { mentionAll: true }) };
    },
    field: {
      press: picking.press,
      sent: () => (begun === null ? desk.writer?.answer(null) : desk.writer?.redraft("", true)),
      props: {
        ref: area,
        value: caption,
        ...picking.aria,
        onChange({ target }: ChangeEvent<HTMLTextAreaElement>) {
          change(target.value);
          picking.moved(target.selectionStart);
        },
        onSelect: ({ currentTarget }: { currentTarget: HTMLTextAreaElement }) => picking.moved(caretIn(currentTarget)),
        onBlur: () => picking.moved(null),
      },
    },
  };
}

/** Over the dialog, as high as there is room above the field: what scrolls would cut it off. */
function Above({ of, children }: { of: RefObject<HTMLElement | null>; children: ReactNode }) {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const box = of.current?.getBoundingClientRect();
    if (box === undefined || place.current === null) return;
    const { style } = place.current;
    style.left = `${box.left}px`;
    style.top = `${box.top}px`;
    style.width = `${box.width}px`;
    style.maxHeight = `${Math.min(HIGHEST_PX, box.top - 12)}px`;
  });
  return (
    <div ref={place} className="attach__above">
      {children}
    </div>
  );
}

interface WayProps {
  readonly is: boolean;
  readonly onChange: (is: boolean) => void;
  readonly disabled?: boolean;
  readonly label: string;
  readonly note: string;
}

function Way({ is, onChange, disabled = false, label, note }: WayProps) {
  const id = useId();
  return (
    <div className="attach__way">
      <input id={id} type="checkbox" checked={is} disabled={disabled} aria-describedby={`${id}-note`} onChange={(event) => onChange(event.target.checked)} />
      <label htmlFor={id}>{label}</label>
      <p id={`${id}-note`} className="note">
        {note}
      </p>
    </div>
  );
}

/** Which of them would tell where they were taken; read when that is about to be told. */
function Located({ files }: { files: readonly File[] }) {
  const { t } = useTranslator();
  const [known, setKnown] = useState<ReadonlyMap<File, boolean>>(new Map());
  const asked = useRef(new Set<File>());
  useEffect(() => {
    for (const file of files) {
      if (asked.current.has(file)) continue;
      asked.current.add(file);
      // Of what cannot be read it is not said that it tells nothing.
      hasLocation(file).then((is) => setKnown((before) => new Map(before).set(file, is)), () => undefined);
    }
  }, [files]);
  const located = files.filter((file) => known.get(file) === true);
  const [first] = located;
  const said = ({ name }: File): string => (located.length === 1 ? t("attach.located", { name }) : t("attach.locatedMany", { count: located.length }));
  const none = first === undefined && files.every((file) => known.has(file));
  return (
    <p role="status" className={first === undefined ? "attach__located note" : "attach__located attach__located--is"}>
      {first !== undefined && <Icon name="alert" size={18} />}
      <span>{first !== undefined ? said(first) : none ? t("attach.notLocated") : null}</span>
    </p>
  );
}

/** What there is to send, and why some of it is not. */
function usePieces() {
  const engine = useEngine();
  const limits = useLive(engine.files);
  const translator = useTranslator();
  const { t } = translator;
  const [pieces, setPieces] = useState<readonly Piece[]>([]);
  const [refused, setRefused] = useState<string | null>(null);
  const all = useRef(pieces);
  const last = useRef(0);
  const change = useCallback((how: (before: readonly Piece[]) => readonly Piece[]): void => {
    const next = how(all.current);
    const gone = all.current.filter(({ id }) => !next.some((each) => each.id === id));
    for (const { url, poster } of gone) for (const each of [url, poster]) if (each !== null) giveBackAddress(each);
    all.current = next;
    setPieces(next);
  }, []);
  // In development, React unmounts and mounts everything once more at once: that is not leaving.
  const here = useRef(false);
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
      queueMicrotask(() => {
        if (!here.current) change(() => []);
      });
    };
  }, [change]);

  const maxBytes = limits?.maxBytes ?? Number.POSITIVE_INFINITY;
  const add = useCallback(
    (files: readonly File[]): void => {
      setRefused(null);
      for (const file of files) {
        if (file.size > maxBytes) {
          const sizes = { size: translator.bytes(file.size), limit: translator.bytes(maxBytes) };
          setRefused(t("attach.tooLarge", { name: file.name, ...sizes }));
          continue;
        }
        if (all.current.length >= MOST) {
          setRefused(t("attach.tooMany", { count: MOST }));
          return;
        }
        const id = ++last.current;
        const url = lendAddress(file);
        const looking = look(file, url);
        change((before) => [...before, { id, file, url, looking, looked: null, poster: null }]);
        looking.then(
          (looked) => {
            if (!all.current.some((piece) => piece.id === id)) return;
            const poster = looked.poster === undefined ? null : lendAddress(looked.poster);
            change((before) => before.map((piece) => (piece.id === id ? { ...piece, looked, poster } : piece)));
          },
          () => {
            change((before) => before.filter((piece) => piece.id !== id));
            setRefused(t("attach.unreadable", { name: file.name }));
          },
        );
      }
    },
    [maxBytes, translator, t, change],
  );
  const remove = useCallback((id: number) => change((before) => before.filter((piece) => piece.id !== id)), [change]);
  const put = useCallback(
    (id: number, to: number) => change((before) => moved(before, before.findIndex((piece) => piece.id === id), to)),
    [change],
  );
  return { pieces, refused, add, remove, put };
}

interface TrayProps {
  readonly pieces: readonly Piece[];
  readonly asFile: boolean;
  readonly onRemove: (id: number) => void;
  readonly onPut: (id: number, to: number) => void;
  readonly onMore: () => void;
}

/** Pictures and films as tiles, a single one as large as there is room; where all are files, as rows. */
function Tray({ pieces, asFile, onRemove, onPut, onMore }: TrayProps) {
  const translator = useTranslator();
  const { t } = translator;
  const list = useRef<HTMLOListElement>(null);
  const hint = useId();
  const [said, say] = useState("");
  const place = (id: number): number => pieces.findIndex((piece) => piece.id === id);
  const { dragged, onPointerDown } = useDragging(list, (id, over) => onPut(id, place(over)));
  const isSeen = ({ looked }: Piece): boolean => !asFile && (looked === null || looked.what === "picture" || looked.what === "film");
  const rows = !pieces.some(isSeen);
  const count = pieces.length;

  const onKeyDown = (event: KeyboardEvent, { id, file }: Piece): void => {
    const key = whichKey(event.nativeEvent, ["earlier", "later", "first", "last", "remove"]);
    if (key === null) return;
    event.preventDefault();
    const at = place(id);
    if (key === "remove") {
      const next = pieces[at + 1] ?? pieces[at - 1];
      onRemove(id);
      if (next !== undefined) list.current?.querySelector<HTMLElement>(`[data-id="${next.id}"]`)?.focus();
      return;
    }
    const to = { earlier: at - 1, later: at + 1, first: 0, last: count - 1 }[key];
    if (to < 0 || to >= count || to === at) return;
    onPut(id, to);
    say(t("attach.moved", { name: file.name, at: to + 1, count }));
  };

  const classes = ["tray"];
  if (rows) classes.push("tray--rows");
  else if (count === 1) classes.push("tray--one");
  if (dragged !== null) classes.push("tray--dragging");
  return (
    <>
      <ol ref={list} className={classes.join(" ")} aria-label={t("attach.list")}>
        {pieces.map((piece, at) => (
          <li key={piece.id} className={piece.id === dragged ? "tray__piece tray__piece--dragged" : "tray__piece"}>
            <button
              type="button"
              className="tray__face"
              data-id={piece.id}
              aria-describedby={count > 1 ? hint : undefined}
              onKeyDown={(event) => onKeyDown(event, piece)}
              onPointerDown={count > 1 ? onPointerDown : undefined}
              onContextMenu={(event) => event.preventDefault()}
            >
              <Face piece={piece} seen={isSeen(piece)} />
              {count > 1 && <span className="hidden">{t("attach.place", { at: at + 1, count })}</span>}
            </button>
            <button
              type="button"
              className="icon-button tray__remove"
              aria-label={t("attach.remove", { name: piece.file.name })}
              title={t("attach.remove", { name: piece.file.name })}
              onClick={() => onRemove(piece.id)}
            >
              <Icon name="close" size={18} />
            </button>
          </li>
        ))}
        <li className="tray__piece">
          <button type="button" className="tray__more" onClick={onMore}>
            <Icon name="plus" size={24} />
            {t("attach.more")}
          </button>
        </li>
      </ol>
      <p id={hint} className="hidden">
        {t("attach.moveHint")}
      </p>
      <p className="hidden" role="status">
        {said}
      </p>
    </>
  );
}

function Face({ piece: { file, url, looked, poster }, seen }: { piece: Piece; seen: boolean }) {
  const { bytes } = useTranslator();
  const film = looked?.what === "film";
  if (seen) {
    const picture = film ? poster : url;
    return (
      <>
        <span className="hidden">
          <Words text={file.name} />
        </span>
        {looked === null && <span className="spinner" aria-hidden="true" />}
        {looked !== null && picture === null && <Icon name="film" size={32} />}
        {looked !== null && picture !== null && <img className="tray__picture" src={picture} alt="" draggable={false} />}
        {film && looked?.durationMs !== undefined && <span className="tray__length">{clockTime(looked.durationMs / 1000)}</span>}
      </>
    );
  }
  return (
    <>
      <span className="tray__icon">
        <Icon name={ICONS[looked?.what ?? "file"]} size={24} />
      </span>
      <span className="tray__words">
        <span className="tray__name">
          <Words text={file.name} />
        </span>
        <span className="note">{bytes(file.size)}</span>
      </span>
    </>
  );
}
