//! A local server in place of AWS, with answers that a test chooses.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread;

/// Starts a server, and returns its URL. `answer` gets the name of an operation of Step Functions, or the path and query
/// of a request to S3, and the body; it returns the status and the body of the answer.
pub fn serve(answer: impl Fn(&str, &str) -> (String, String) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    // The thread ends with the process of the test.
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = BufReader::new(connection.unwrap());
            let mut length = 0;
            let mut line = String::new();
            let _ = connection.read_line(&mut line);
            let mut operation = line.split(' ').nth(1).unwrap_or_default().to_owned();
            line.clear();
            while connection.read_line(&mut line).unwrap_or(0) > 2 {
                let header = line.to_ascii_lowercase();
                if let Some(value) = header.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if header.starts_with("x-amz-target:") {
                    operation = line.trim_end().rsplit('.').next().unwrap().to_owned();
                }
                line.clear();
            }
            let mut request = vec![0; length];
            let _ = connection.read_exact(&mut request);
            let (status, body) = answer(&operation, &String::from_utf8_lossy(&request));
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
            );
            let _ = connection.get_mut().write_all(answer.as_bytes());
        }
    });
    endpoint
}
