// What media look like, by what they are.

import type { Content } from "../content";
import { MergedCard } from "../message/Merged";
import { CustomCard, LocationCard, PersonCard } from "./Cards";
import { AttachedFilm } from "./Film";
import { AttachedFile, UrlFile } from "./FileCard";
import type { MediumProps } from "./index";
import { AttachedPicture } from "./Picture";
import { watchFilms } from "./player";
import { UrlFilm, UrlPicture, UrlSound } from "./Url";
import { Voice } from "./Voice";

watchFilms();

export { Album } from "./Album";
export { Links } from "./Links";
export { SmallLook } from "./Thumb";

export function Medium({ content, from, message, onMerged }: MediumProps) {
  switch (content.is) {
    case "attached":
      return <AttachedMedium content={content} from={from} message={message} />;
    case "image":
      return <UrlPicture content={content} from={from} message={message} />;
    case "audio":
      return <UrlSound content={content} from={from} />;
    case "video":
      return <UrlFilm content={content} from={from} />;
    case "file":
      return <UrlFile content={content} />;
    case "location":
      return <LocationCard content={content} />;
    case "card":
      return <PersonCard content={content} />;
    case "custom":
      return <CustomCard source={content.source} />;
    case "merged":
      return <MergedCard content={content} onOpen={onMerged} />;
  }
}

function AttachedMedium({ content: { as, file }, from, message }: MediumProps & { readonly content: Content & { is: "attached" } }) {
  switch (as) {
    case "Image":
      return <AttachedPicture file={file} from={from} message={message} />;
    case "Video":
      return <AttachedFilm file={file} from={from} message={message} />;
    case "Audio":
      return <Voice file={file} from={from} message={message} />;
    case "File":
      return <AttachedFile file={file} message={message} />;
  }
}
