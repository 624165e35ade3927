/** The JSON parts of a multipart/mixed answer, as they come. Throws where the answer is none. */
export async function* partsOf(response: Response): AsyncGenerator<unknown> {
  const type = response.headers.get('content-type') ?? '';
  const boundary = /^multipart\/mixed; boundary="(.*)"$/.exec(type)?.[1];
  if (boundary === undefined || response.body === null) throw new Error(`not multipart/mixed, but ${type}`);
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf(`\r\n--${boundary}`, 1); end >= 0; end = text.indexOf(`\r\n--${boundary}`, 1)) {
      const head = text.indexOf('\r\n\r\n');
      if (head >= 0 && head < end) yield JSON.parse(text.slice(head + 4, end));
      text = text.slice(end);
    }
  }
  if (text.trim() !== `--${boundary}--`) throw new Error(`the answer ends with ${JSON.stringify(text)}`);
}
