// Hangs over the window while files are dragged over it, and says where they would go.

import { useTranslator } from "../../base/context";
import { Icon } from "../../base/Icon";
import "./Curtain.css";

export function Curtain({ title }: { title: string }) {
  const { t } = useTranslator();
  return (
    <div className="curtain">
      <p className="curtain__words">
        <Icon name="clip" size={40} />
        {t("attach.drop", { title })}
      </p>
    </div>
  );
}
