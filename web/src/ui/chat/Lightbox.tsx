// A picture as large as the window.

import { useTranslator } from "../base/context";
import { useModal } from "../base/Dialog";
import { Icon } from "../base/Icon";
import "./Lightbox.css";

export function Lightbox({ url, alt, onClose }: { url: string; alt: string; onClose: () => void }) {
  const { t } = useTranslator();
  const modal = useModal(onClose);
  return (
    <dialog
      {...modal}
      className="lightbox"
      aria-label={alt}
      onClick={(event) => {
        if (!(event.target instanceof HTMLAnchorElement)) onClose();
      }}
    >
      <header className="lightbox__bar">
        <a className="lightbox__link" href={url} target="_blank" rel="noopener noreferrer nofollow">
          {t("message.openOriginal")}
        </a>
        <button type="button" className="lightbox__close" aria-label={t("action.close")} data-begin>
          <Icon name="close" size={26} />
        </button>
      </header>
      <img className="lightbox__picture" src={url} alt={alt} referrerPolicy="no-referrer" />
    </dialog>
  );
}
