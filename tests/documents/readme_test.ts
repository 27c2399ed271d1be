/** README.md is true: what it shows runs. */

import { readme } from "./pages.ts";
import { testPage } from "./run.ts";

testPage(readme);
