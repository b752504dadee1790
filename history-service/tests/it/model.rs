//! Random operations of two users on the real service, compared after each with a model of what must have come of them.

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use self::{actor::Actor, state::Model, step::step};
use crate::world::World;

mod actor;
mod comparison;
mod state;
mod step;

#[test]
fn whatever_two_users_do_the_service_holds_what_a_model_says() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::new());
    let config = Config { cases: 16, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let steps = prop::collection::vec((0..2_usize, step()), 1..32);
    let outcome = TestRunner::new(config).run(&steps, |steps| {
        runtime.block_on(async {
            let users = [world.user(), world.user()];
            let mut models = [Model::default(), Model::default()];
            for (serial, (who, step)) in steps.iter().enumerate() {
                let others = models[1 - who].conversations.values().flat_map(|conversation| &conversation.messages);
                let foreign = others.map(|message| message.id.clone()).collect();
                let mut actor = Actor { user: &users[*who], model: &mut models[*who], foreign, serial };
                actor.take(step).await?;
                actor.compare().await?;
            }
            // Neither has touched what the other has.
            for (user, model) in users.iter().zip(&mut models) {
                Actor { user, model, foreign: Vec::new(), serial: 0 }.compare().await?;
            }
            Ok(())
        })
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
