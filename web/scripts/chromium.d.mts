/** The path of an executable; throws where there is none and none can be installed. */
export function chromium(): Promise<string>;
