// A problem in the words of people, for those who can wait for them: what says it is loaded when the first thing goes wrong.

import type { Problem } from "../../engine/contract";
import { loadLater, type Translator } from "../../i18n/translator";
import type { NameOf } from "./problems";

export async function told(translator: Translator, problem: Problem, nameOf?: NameOf): Promise<string> {
  try {
    const [problemText] = await Promise.all([import("./telling").then(({ problemText }) => problemText), loadLater()]);
    return problemText(translator, problem, nameOf);
  } catch {
    // It could not be had either.
    return problem.is === "refused" ? problem.message : translator.t("problem.offline");
  }
}
