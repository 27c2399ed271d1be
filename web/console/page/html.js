// Preact's elements, written as HTML in template strings.

import { h } from "preact";
import htm from "htm";

export const html = htm.bind(h);
