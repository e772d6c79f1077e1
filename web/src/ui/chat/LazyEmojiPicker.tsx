// All emoji, loaded when they are first asked for.

import { Fault } from "../base/Boundary";
import { chunk } from "../base/chunk";
import "./LazyEmojiPicker.css";

export const LazyEmojiPicker = chunk(
  () => import("./EmojiPicker").then(({ EmojiPicker }) => EmojiPicker),
  <div className="emoji-waiting" />,
  (retry) => (
    <div className="emoji-waiting">
      <Fault onRetry={retry} />
    </div>
  ),
);
