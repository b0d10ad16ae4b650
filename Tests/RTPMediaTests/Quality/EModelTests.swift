import RTPMedia
import SansIO
import Testing

@Suite("E-model, ITU-T G.107")
struct EModelTests {
    @Test("With every parameter at its default R is 93.2, and that is a MOS of 4.41")
    func defaults() {
        let rating = EModel().rating
        #expect(abs(rating - 93.206_2) < 0.000_1)
        #expect(abs(EModel.meanOpinionScore(rating: rating) - 4.409_4) < 0.000_1)
    }

    /// Worked out apart from this code, from the formulas of the Recommendation.
    @Test(
        "Delay, echo, loss in runs, quantization and room noise each cost what the formulas say",
        arguments: [
            (EModelCase(delay: 100), 90.66), (EModelCase(delay: 150), 89.54), (EModelCase(delay: 200), 85.80),
            (EModelCase(delay: 300), 72.67), (EModelCase(delay: 400), 62.25),
            (EModelCase(loss: 0.01), 89.57), (EModelCase(loss: 0.05), 77.43),
            (EModelCase(loss: 0.05, burstRatio: 2), 76.00),
            (EModelCase(loss: 0.05, equipment: .g711WithoutConcealment), 42.13),
            (EModelCase(delay: 150, loss: 0.03), 79.40),
            (EModelCase(loss: 0.02, equipment: .init(impairment: 11, lossRobustness: 19)), 74.21),
            (EModelCase(delay: 150, talkerEcho: 45), 62.53),
            (EModelCase(delay: 150, talkerEcho: 45, sidetone: 8), 62.57),
            (EModelCase(delay: 150, talkerEcho: 45, sidetone: 22), 61.63),
        ])
    func ratings(_ test: EModelCase, _ rating: Double) {
        var model = EModel(
            oneWayDelay: .milliseconds(test.delay), equipment: test.equipment, packetLoss: test.loss,
            burstRatio: test.burstRatio)
        model.talkerEcho = test.talkerEcho
        model.sidetoneMasking = test.sidetone
        #expect(abs(model.rating - rating) < 0.006)
    }

    struct EModelCase: Sendable {
        var delay = 0
        var loss = 0.0
        var burstRatio = 1.0
        var equipment = EquipmentImpairment.g711
        var talkerEcho = 65.0
        var sidetone = 15.0
    }

    @Test("Quantization distortion and noisy rooms")
    func simultaneous() {
        var model = EModel()
        model.quantizationUnits = 4
        #expect(abs(model.rating - 88.20) < 0.006)
        model = EModel()
        (model.sendLoudness, model.receiveLoudness) = (15, 5)
        (model.sendRoomNoise, model.receiveRoomNoise) = (60, 60)
        #expect(abs(model.rating - 64.33) < 0.006)
    }

    @Test(
        "Ratings and their scores as in table B.1",
        arguments: [(90.0, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58)])
    func scores(_ rating: Double, _ score: Double) {
        #expect(abs(EModel.meanOpinionScore(rating: rating) - score) < 0.01)
    }

    @Test("A score lies between 1 and 4.5 whatever the rating")
    func bounds() {
        #expect(EModel.meanOpinionScore(rating: -10) == 1)
        #expect(EModel.meanOpinionScore(rating: 5) == 1)
        #expect(EModel.meanOpinionScore(rating: 100) == 4.5)
        #expect(EModel.meanOpinionScore(rating: 1_000) == 4.5)
        #expect(EModel.meanOpinionScore(rating: .nan) >= 1)
    }

    @Test("A listener is not troubled by delay")
    func listening() {
        let model = EModel(oneWayDelay: .milliseconds(400), equipment: .g711, packetLoss: 0)
        #expect(abs(model.listeningRating - 93.206_2) < 0.000_1)
    }
}
