// How long texts may be. The server says it in the descriptions of its schema; a test compares.

export const MAX_TEXT_CHARACTERS = 2000;
export const MAX_NOTE_CHARACTERS = 1000;
