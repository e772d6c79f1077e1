// npm run screenshots:readme

import { mergeConfig } from "vitest/config";

import tests from "../vitest.config.ts";

export default mergeConfig(
  { ...tests, test: { ...tests.test, include: [] } },
  { test: { include: ["readme/pictures.ts"] } },
);
