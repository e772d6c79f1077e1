// The list of keys, made from the table that the keys are looked up in.

import { useTranslator } from "../base/context";
import { Dialog } from "../base/Dialog";
import { KEY_GROUPS, keySigns, keyText } from "../base/keys";
import type { Key } from "../../i18n/catalogue";
import type { Translator } from "../../i18n/translator";
import "./KeysDialog.css";

/** None of the texts of keys has anything to be filled in. */
function said({ t }: Translator, key: Key): string {
  return (t as (key: Key) => string)(key);
}

export function KeysDialog({ onClose }: { onClose: () => void }) {
  const translator = useTranslator();
  return (
    <Dialog title={translator.t("keys.title")} className="dialog--wide" onClose={onClose}>
      <div className="keys" tabIndex={0} data-begin role="group" aria-label={translator.t("keys.title")}>
        {KEY_GROUPS.map(({ title, names }) => (
          <section key={title} className="keys__group">
            <h3 className="keys__title">{said(translator, title)}</h3>
            <dl>
              {names.map((name) => (
                <div key={name} className="keys__row">
                  <dt>{said(translator, keyText(name))}</dt>
                  <dd>
                    {keySigns(name).map((sign) => (
                      <kbd key={sign} className="keys__key">
                        {sign}
                      </kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
