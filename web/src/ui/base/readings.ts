// How Chinese names are read, for finding them by letters.

import { useEffect, useState } from "react";

export type FindByReading = typeof import("./pinyin").findByReading;

/** Once that is wanted and loaded; without it they are found by their characters. */
export function useReadings(wanted: boolean): FindByReading | null {
  const [find, setFind] = useState<FindByReading | null>(null);
  useEffect(() => {
    if (!wanted || find !== null) return;
    import("./pinyin").then(({ findByReading }) => setFind(() => findByReading)).catch(() => undefined);
  }, [wanted, find]);
  return find;
}
