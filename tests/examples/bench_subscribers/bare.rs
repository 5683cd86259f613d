//! A server that knows nothing: actix-ws alone, which tells all its sockets the same when it is asked to.

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use actix_ws::Session;
use tokio::sync::broadcast;

#[derive(Clone)]
struct Told {
    bell: broadcast::Sender<()>,
    text: String,
}

/// Serves, prints where, and never ends. So many bytes are what it tells each time.
pub(super) async fn serve(message_bytes: usize) {
    let frame = "{\"kind\":\"CHANGES\",\"is\":\"\"}".len();
    let text =
        format!("{{\"kind\":\"CHANGES\",\"is\":\"{}\"}}", "x".repeat(message_bytes.saturating_sub(frame)));
    let told = web::Data::new(Told { bell: broadcast::channel(1_024).0, text });
    let server = HttpServer::new(move || {
        App::new()
            .app_data(told.clone())
            .route("/graphql/ws", web::get().to(open))
            .route("/tell", web::post().to(tell))
    });
    let server = server.bind(("127.0.0.1", 0)).expect("a free port");
    println!("{}", server.addrs()[0]);
    server.run().await.expect("it serves");
}

async fn tell(told: web::Data<Told>) -> HttpResponse {
    // Nobody is there to be told.
    let _ = told.bell.send(());
    HttpResponse::Ok().finish()
}

async fn open(
    request: HttpRequest,
    body: web::Payload,
    told: web::Data<Told>,
) -> actix_web::Result<HttpResponse> {
    let (response, session, stream) =
        actix_ws::handle_with_protocols(&request, body, &["graphql-transport-ws"])?;
    actix_web::rt::spawn(pass_on(session, told.bell.subscribe(), told.text.clone(), stream));
    Ok(response)
}

async fn pass_on(
    mut session: Session,
    mut bell: broadcast::Receiver<()>,
    text: String,
    _unread: actix_ws::MessageStream,
) {
    while bell.recv().await.is_ok() {
        if session.text(text.clone()).await.is_err() {
            return;
        }
    }
}
