//! Files as a client sends and fetches them: in one request, and by tus.

use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, RequestBuilder, Response, redirect};
use serde_json::Value;

/// The type of what tus sends.
const BYTES: &str = "application/offset+octet-stream";

/// Somebody with files.
#[derive(Clone)]
pub struct Filer {
    http: reqwest::Client,
    pub url: String,
    token: String,
}

/// An answer with its head.
pub struct Fetched {
    pub status: u16,
    head: reqwest::header::HeaderMap,
    pub body: Vec<u8>,
}

impl Fetched {
    async fn of(response: Response) -> Self {
        let (status, head) = (response.status().as_u16(), response.headers().clone());
        Self { status, head, body: response.bytes().await.expect("a body").to_vec() }
    }

    pub fn header(&self, name: &str) -> &str {
        self.head.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The data of a success.
    #[track_caller]
    pub fn data(&self) -> Value {
        let envelope: Value = serde_json::from_slice(&self.body).expect("JSON");
        assert_eq!((self.status, &envelope["ok"]), (200, &Value::Bool(true)), "{}", self.text());
        envelope["data"].clone()
    }
}

impl Filer {
    pub fn new(url: String, token: &str) -> Self {
        let http = reqwest::Client::builder().redirect(redirect::Policy::none());
        let http = http.timeout(Duration::from_secs(600)).build().expect("a client");
        Self { http, url, token: token.to_owned() }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    fn asks(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, path).bearer_auth(&self.token)
    }

    /// Uploads in one request, with more of a query behind the name.
    pub async fn try_upload(&self, name: &str, more: &str, bytes: &[u8]) -> Fetched {
        let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
        let path = format!("/api/file/upload?name={name}{more}");
        // What a client says of the type is not to be believed.
        let request = self.asks(Method::POST, &path).header("content-type", "text/html").body(bytes.to_vec());
        Fetched::of(request.send().await.expect("an answer")).await
    }

    pub async fn upload(&self, name: &str, bytes: &[u8]) -> Value {
        self.try_upload(name, "", bytes).await.data()
    }

    /// The id of a new file.
    pub async fn file(&self, name: &str, bytes: &[u8]) -> String {
        self.upload(name, bytes).await["id"].as_str().expect("an id").to_owned()
    }

    /// `GET` with the token.
    pub async fn get(&self, path: &str) -> Fetched {
        self.get_with(path, &[]).await
    }

    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Fetched {
        self.ask(Method::GET, path, headers, b"").await
    }

    pub async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Fetched {
        self.if_answered(method.as_str(), path, headers, body).await.expect("an answer")
    }

    /// The answer, unless the line is cut.
    pub async fn if_answered(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Option<Fetched> {
        let mut request = self.asks(method.parse().expect("a method"), path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.body(body.to_vec()).send().await.ok()?;
        let (status, head) = (response.status().as_u16(), response.headers().clone());
        Some(Fetched { status, head, body: response.bytes().await.ok()?.to_vec() })
    }

    /// `GET` without the token.
    pub async fn get_as_nobody(&self, path: &str, headers: &[(&str, &str)]) -> Fetched {
        let mut request = self.request(Method::GET, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Fetched::of(request.send().await.expect("an answer")).await
    }

    /// Speaks tus.
    pub async fn tus(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Fetched {
        let mut all = vec![("tus-resumable", "1.0.0")];
        all.extend(headers);
        self.ask(method.parse().expect("a method"), path, &all, body).await
    }

    /// Begins an upload and returns where it is.
    pub async fn begin(&self, name: &str, length: usize) -> String {
        let (length, metadata) = (length.to_string(), metadata(&[("filename", name)]));
        let headers = [("upload-length", length.as_str()), ("upload-metadata", metadata.as_str())];
        let answer = self.tus("POST", "/api/file/tus", &headers, b"").await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.header("location").to_owned()
    }

    /// The next bytes of it.
    pub async fn patch(&self, place: &str, offset: usize, bytes: &[u8]) -> Fetched {
        self.patch_with(place, offset, &[], bytes).await
    }

    pub async fn patch_with(
        &self,
        place: &str,
        offset: usize,
        more: &[(&str, &str)],
        bytes: &[u8],
    ) -> Fetched {
        let offset = offset.to_string();
        let mut headers = vec![("upload-offset", offset.as_str()), ("content-type", BYTES)];
        headers.extend(more);
        self.tus("PATCH", place, &headers, bytes).await
    }

    /// How far it is; `None` where there is none.
    pub async fn offset(&self, place: &str) -> Option<usize> {
        let answer = self.tus("HEAD", place, &[], b"").await;
        (answer.status == 200).then(|| answer.header("upload-offset").parse().expect("a number"))
    }

    pub fn token(&self) -> &str {
        &self.token
    }
}

/// What tus says of a file.
pub fn metadata(pairs: &[(&str, &str)]) -> String {
    use base64::Engine;
    let encode = |value: &str| base64::engine::general_purpose::STANDARD.encode(value);
    let pairs: Vec<_> = pairs.iter().map(|(key, value)| format!("{key} {}", encode(value))).collect();
    pairs.join(",")
}

/// A grey picture of these sides, of up to 65,000 pixels: a PNG that is packed into nothing smaller.
pub fn picture(width: u32, height: u32) -> Vec<u8> {
    let row = |y: u32| [vec![0], (0..width).map(|x| (x + y) as u8).collect()].concat();
    let pixels: Vec<u8> = (0..height).flat_map(row).collect();
    let length = u16::try_from(pixels.len()).expect("so many pixels").to_le_bytes();
    let [mut low, mut high] = [1_u32, 0];
    for byte in &pixels {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    let opposite = length.map(|byte| !byte);
    let sum = (high << 16 | low).to_be_bytes();
    let packed = [b"\x78\x01\x01", &length[..], &opposite, &pixels, &sum].concat();
    let chunk = |name: &[u8], content: &[u8]| {
        let named = [name, content].concat();
        let mut sum = u32::MAX;
        for byte in &named {
            sum = (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ ((sum & 1) * 0xedb8_8320));
        }
        [&(content.len() as u32).to_be_bytes()[..], &named, &(!sum).to_be_bytes()].concat()
    };
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    let chunks = [chunk(b"IHDR", &header), chunk(b"IDAT", &packed), chunk(b"IEND", b"")];
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunks.concat()].concat()
}

/// Width and height of a JPEG, by its header.
pub fn sides_of_jpeg(bytes: &[u8]) -> (u16, u16) {
    let at = bytes.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("the header of a JPEG");
    let number = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
    (number(at + 7), number(at + 5))
}

/// Bytes like no others, which are neither text nor a picture.
pub fn bytes(seed: u8, length: usize) -> Vec<u8> {
    let mut state = u32::from(seed) + 1;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let mut bytes: Vec<u8> = (0..length).map(|_| next()).collect();
    if let Some(first) = bytes.first_mut() {
        *first = 0;
    }
    bytes
}
