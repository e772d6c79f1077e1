// What puts the marks of formatting around what is selected: buttons, where somebody wants them, and keys in any case.

import { type RefObject, useLayoutEffect, useMemo } from "react";

import type { Translator } from "../../../i18n/translator";
import { useTranslator } from "../../base/context";
import { Icon, type IconName } from "../../base/Icon";
import { type KeyName, keyWords } from "../../base/keys";
import { code, type Edit, prefix, surround } from "../composing";

export interface Mark {
  readonly label: string;
  readonly icon: IconName;
  readonly key?: KeyName;
  readonly run: () => void;
}

type Make = (text: string, from: number, to: number) => Edit;

function marksOf(t: Translator["t"], edit: (make: Make) => void): readonly Mark[] {
  return [
    { label: t("composer.bold"), icon: "bold", key: "bold", run: () => edit((...at) => surround(...at, "**", "**")) },
    { label: t("composer.italic"), icon: "italic", key: "italic", run: () => edit((...at) => surround(...at, "*", "*")) },
    { label: t("composer.code"), icon: "code", key: "code", run: () => edit(code) },
    {
      label: t("composer.link"),
      icon: "link",
      run: () => edit((...at) => surround(...at, "[", "](https://)", t("composer.linkText"))),
    },
    { label: t("composer.list"), icon: "list", run: () => edit((...at) => prefix(...at, "- ")) },
    { label: t("composer.quote"), icon: "quote", run: () => edit((...at) => prefix(...at, "> ")) },
  ];
}

export interface FormatBarProps {
  readonly edit: (make: Make) => void;
  /** Where the composer finds the keys. */
  readonly marksRef: RefObject<readonly Mark[]>;
  readonly shown: boolean;
}

export function FormatBar({ edit, marksRef, shown }: FormatBarProps) {
  const { t } = useTranslator();
  const marks = useMemo(() => marksOf(t, edit), [t, edit]);
  useLayoutEffect(() => {
    marksRef.current = marks;
  }, [marksRef, marks]);
  if (!shown) return null;
  return (
    <div className="composer__marks" role="toolbar" aria-label={t("composer.rich")}>
      {marks.map(({ label, icon, key, run }) => (
        <button
          key={icon}
          type="button"
          className="composer__mark"
          aria-label={label}
          title={key === undefined ? label : `${label} (${keyWords(key)})`}
          onMouseDown={(event) => event.preventDefault()}
          onClick={run}
        >
          <Icon name={icon} size={18} />
        </button>
      ))}
    </div>
  );
}
