// What can be attached: pictures and films, any file, and on a phone what its camera sees.

import { useRef } from "react";

import { COARSE, useMedia, useTranslator } from "../../base/context";
import { Menu, type MenuItem } from "../../base/Menu";
import { useDesk } from "../desk";

export function AttachButton() {
  const desk = useDesk();
  const { t } = useTranslator();
  const glass = useMedia(COARSE);
  const seen = useRef<HTMLInputElement>(null);
  const any = useRef<HTMLInputElement>(null);
  const photo = useRef<HTMLInputElement>(null);
  const film = useRef<HTMLInputElement>(null);

  const cameras: readonly MenuItem[] = [
    { label: t("attach.photo"), icon: "camera", onSelect: () => photo.current?.click() },
    { label: t("attach.film"), icon: "film", onSelect: () => film.current?.click() },
  ];
  const items: readonly MenuItem[] = [
    { label: t("attach.media"), icon: "image", onSelect: () => seen.current?.click() },
    { label: t("attach.file"), icon: "file", onSelect: () => any.current?.click() },
    ...(glass ? cameras : []),
  ];
  const shared = { type: "file", hidden: true, onChange: ({ currentTarget }: { currentTarget: HTMLInputElement }) => take(currentTarget) } as const;
  const take = (input: HTMLInputElement): void => {
    desk.attach([...(input.files ?? [])]);
    // So that the same file can be chosen again.
    input.value = "";
  };
  return (
    <>
      <Menu label={t("attach.open")} icon="clip" items={items} begins />
      <input ref={seen} {...shared} accept="image/*,video/*" multiple aria-label={t("attach.media")} />
      <input ref={any} {...shared} multiple aria-label={t("attach.file")} />
      <input ref={photo} {...shared} accept="image/*" capture="environment" aria-label={t("attach.photo")} />
      <input ref={film} {...shared} accept="video/*" capture="environment" aria-label={t("attach.film")} />
    </>
  );
}
