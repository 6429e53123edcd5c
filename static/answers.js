/* Not every answer is this site's. A proxy whose server is away, or the sign-in page of a hall's network, answers
   for it, and knows nothing of what was asked: that counts as no answer, whoever asked. */
"use strict";
(() => {
  const MARK = "Grandstand-Answer"; // in all that the server answers: see security.py
  const plainFetch = window.fetch;

  window.fetch = async (resource, options) => {
    const answer = await plainFetch(resource, options);
    if (answer.headers.has(MARK)) return answer;
    answer.body?.cancel();
    throw Object.assign(new TypeError("This answer is not from Grandstand."), { foreign: answer.status });
  };
})();
